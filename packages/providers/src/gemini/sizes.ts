/** What the model makes of an aspect ratio, and the word that asks for it, as its documentation lists them. */
export const geminiSizes: Readonly<Record<string, string>> = {
  '1024x1024': '1:1',
  '832x1248': '2:3',
  '1248x832': '3:2',
  '864x1184': '3:4',
  '1184x864': '4:3',
  '896x1152': '4:5',
  '1152x896': '5:4',
  '768x1344': '9:16',
  '1344x768': '16:9',
  '1536x672': '21:9',
};
