import { useQuery } from '@tanstack/react-query';
import { type Dispatch, type FormEvent, type ReactNode, type SetStateAction, useState } from 'react';
import { isPassing, listModels } from '../api/client.js';
import { useAsking } from '../generations/use-asking.js';
import { moneyWords } from '../generations/words.js';
import { countsOf, sizesOf, within } from './what-a-model-makes.js';

/** The prompt box. */
export function PromptForm({
  prompt,
  onPrompt,
  onCreated,
}: {
  prompt: string;
  onPrompt: Dispatch<SetStateAction<string>>;
  onCreated: (id: string) => void;
}) {
  const [chosen, setChosen] = useState('');
  const [wanted, setWanted] = useState({ size: '1024x1024', count: 1 });
  const models = useQuery({
    queryKey: ['models'],
    queryFn: listModels,
    staleTime: 300_000,
    // Without them nothing can be asked for: a page that was opened in a bad moment gets well by itself.
    refetchInterval: ({ state }) => (state.status === 'error' ? 3_000 : false),
  });
  const model =
    models.data?.find(({ id }) => id === chosen) ??
    models.data?.find((one) => one.default) ??
    models.data?.[0];
  const { size, count, ...format } = model ? within(model, wanted) : wanted;
  const { ask, pending, error } = useAsking((id, wish) => {
    // Whoever has begun to write the next one keeps it.
    onPrompt((written) => (written === wish.prompt ? '' : written));
    onCreated(id);
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (prompt.trim() !== '' && model && !pending) ask({ prompt, model: model.id, size, count, ...format });
  };
  return (
    <form onSubmit={submit} className="panel shadow-xs" aria-label="New pictures">
      <label htmlFor="prompt" className="block px-5 pt-4 font-medium">
        What should be in the picture?
      </label>
      <textarea
        id="prompt"
        value={prompt}
        onChange={(event) => onPrompt(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.metaKey || event.ctrlKey)) submit(event);
        }}
        rows={2}
        maxLength={8000}
        required
        className="placeholder:text-muted block w-full resize-y rounded-lg bg-transparent px-5 py-2 text-lg"
        placeholder="a red bicycle in the rain"
      />
      <div className="border-line flex flex-wrap items-end gap-3 border-t px-5 py-4">
        <Choice id="model" label="Model" value={model?.id ?? ''} onChange={setChosen} wide>
          {(models.data ?? []).map(({ id }) => (
            <option key={id}>{id}</option>
          ))}
        </Choice>
        <Choice id="size" label="Size" value={size} onChange={(text) => setWanted({ ...wanted, size: text })}>
          {sizesOf(model).map((choice) => (
            <option key={choice} value={choice}>
              {choice.replace('x', ' × ')}
            </option>
          ))}
        </Choice>
        <Choice
          id="pictures-wanted"
          label="Pictures"
          value={count}
          onChange={(text) => setWanted({ ...wanted, count: Number(text) })}
        >
          {countsOf(model).map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
        </Choice>
        <div className="ml-auto flex flex-wrap items-center justify-end gap-x-4 gap-y-2">
          {model?.price && (
            <p className="text-muted text-sm">
              About {moneyWords(model.price.currency, model.price.micros_per_image, count)}
            </p>
          )}
          <button
            type="submit"
            disabled={pending || prompt.trim() === '' || !model}
            className="button button-primary min-h-11 px-6 text-base"
          >
            {pending ? 'Asking …' : 'Generate'}
          </button>
        </div>
      </div>
      {error && (
        <p role="alert" className="text-alarm px-5 pb-4 text-sm">
          {error.message}
          {isPassing(error) && ' You can press Generate again; the same request is never made twice.'}
        </p>
      )}
      {!models.data && models.errorUpdateCount > 0 && (
        <p className="text-muted px-5 pb-4 text-sm">The models could not be read. Trying again …</p>
      )}
    </form>
  );
}

function Choice({
  id,
  label,
  value,
  onChange,
  wide = false,
  children,
}: {
  id: string;
  label: string;
  value: string | number;
  onChange: (value: string) => void;
  wide?: boolean;
  children: ReactNode;
}) {
  return (
    <div className={`flex flex-col gap-1 ${wide ? 'min-w-40' : ''}`}>
      <label htmlFor={id} className="text-muted text-xs font-medium">
        {label}
      </label>
      <select
        id={id}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className="control min-h-11 text-sm"
      >
        {children}
      </select>
    </div>
  );
}
