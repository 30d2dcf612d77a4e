-- The models are built anew beside the live ones, from the log, and take their place in one short transaction. The tables that are
-- built into are always there, empty; row-level security and the right to read them come with the switch.
create table read_models.detail_v1_next (like read_models.detail_v1 including all);
create table read_models.artifact_v1_next (like read_models.artifact_v1 including all);
create table read_models.feed_v1_next (like read_models.feed_v1 including all);
create table read_models.counts_v1_next (like read_models.counts_v1 including all);

-- Names that go with the tables' own, so that a switch can exchange them.
alter index read_models.detail_v1_next_tenant_created_at_id_status_model_idx rename to detail_v1_next_list;
alter index read_models.detail_v1_next_id_idx rename to detail_v1_next_open_questions;
alter index read_models.detail_v1_next_id_idx1 rename to detail_v1_next_paid_orphans;

-- Their counters follow as the live ones do: the function goes by the name of the table that moved.
create trigger count_inserted after insert on read_models.detail_v1_next
  referencing new table as arrived for each statement execute function read_models.move_counts_v1();
create trigger count_updated after update on read_models.detail_v1_next
  referencing old table as gone new table as arrived for each statement execute function read_models.move_counts_v1();
create trigger count_deleted after delete on read_models.detail_v1_next
  referencing old table as gone for each statement execute function read_models.move_counts_v1();
create trigger count_truncated after truncate on read_models.detail_v1_next
  for each statement execute function read_models.move_counts_v1();

-- Rebuilds, asked for and done: one at a time.
create table read_models.rebuilds (
  id           uuid        primary key,
  asked_at     timestamptz not null default clock_timestamp(),
  asked_by     text        not null,
  state        text        not null default 'asked'
               check (state in ('asked', 'building', 'catching_up', 'switched', 'failed')),
  started_at   timestamptz,
  -- Progress: events read, of about so many when it began.
  events       bigint      not null default 0,
  events_about bigint,
  -- Streams that hold an event that cannot be folded or read.
  skipped      bigint      not null default 0,
  finished_at  timestamptz,
  error        text
);
create unique index rebuilds_open on read_models.rebuilds ((true)) where state in ('asked', 'building', 'catching_up');

-- Empties what is built into.
create function read_models.clear_next() returns void language plpgsql as $$
begin
  truncate read_models.detail_v1_next, read_models.artifact_v1_next, read_models.feed_v1_next, read_models.counts_v1_next;
end $$;

-- Nobody writes to the live models until the end of this transaction; everybody reads on.
create function read_models.hold_writers() returns void language plpgsql as $$
begin
  -- In the order of the statement that writes both: images first.
  lock table read_models.artifact_v1, read_models.detail_v1, read_models.feed_v1, read_models.counts_v1
    in share row exclusive mode;
end $$;

-- The new models take the names of the live ones, which become what is built into next time: exchanged are the tables, their
-- indexes, and who may see what. Readers are bound to a name when their statement begins.
create function read_models.exchange() returns void language plpgsql as $$
declare
  model text;
  part record;
  secured boolean;
begin
  lock table read_models.detail_v1, read_models.artifact_v1, read_models.feed_v1, read_models.counts_v1,
    read_models.detail_v1_next, read_models.artifact_v1_next, read_models.feed_v1_next, read_models.counts_v1_next
    in access exclusive mode;
  foreach model in array array['detail_v1', 'artifact_v1', 'feed_v1', 'counts_v1'] loop
    select c.relrowsecurity into secured from pg_class c
    where c.oid = format('read_models.%I', model)::regclass;
    if secured then
      execute format('alter table read_models.%I enable row level security, force row level security', model || '_next');
      execute format('grant select on read_models.%I to darkroom_api', model || '_next');
      execute format('revoke all on read_models.%I from darkroom_api', model);
      execute format('alter table read_models.%I disable row level security', model);
    end if;
    -- Indexes and tables alike: live -> aside -> next, next -> live.
    for part in
      select c.relname, c.relkind from pg_class c join pg_namespace s on s.oid = c.relnamespace
      where s.nspname = 'read_models' and c.relkind in ('r', 'i')
        and c.relname like replace(model, '_', '\_') || '%' and c.relname not like replace(model, '_', '\_') || '\_next%'
    loop
      execute format('alter %s read_models.%I rename to %I', case part.relkind when 'r' then 'table' else 'index' end,
        part.relname, model || '_aside' || substr(part.relname, length(model) + 1));
    end loop;
    for part in
      select c.relname, c.relkind from pg_class c join pg_namespace s on s.oid = c.relnamespace
      where s.nspname = 'read_models' and c.relkind in ('r', 'i')
        and c.relname like replace(model, '_', '\_') || '\_next%'
    loop
      execute format('alter %s read_models.%I rename to %I', case part.relkind when 'r' then 'table' else 'index' end,
        part.relname, model || substr(part.relname, length(model || '_next') + 1));
    end loop;
    for part in
      select c.relname, c.relkind from pg_class c join pg_namespace s on s.oid = c.relnamespace
      where s.nspname = 'read_models' and c.relkind in ('r', 'i')
        and c.relname like replace(model, '_', '\_') || '\_aside%'
    loop
      execute format('alter %s read_models.%I rename to %I', case part.relkind when 'r' then 'table' else 'index' end,
        part.relname, model || '_next' || substr(part.relname, length(model || '_aside') + 1));
    end loop;
  end loop;
end $$;
