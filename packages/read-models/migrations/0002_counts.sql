-- How many generations of a tenant stand at each status. It follows detail_v1 in the transaction that moves its rows: what a row
-- said before is only known for certain there, whoever writes it and however often the same event comes.
create table read_models.counts_v1 (
  tenant text   not null,
  status text   not null,
  n      bigint not null,
  primary key (tenant, status)
) with (fillfactor = 50);

create function read_models.move_counts_v1() returns trigger language plpgsql as $$
declare
  moved jsonb;
  -- The counters follow the table that moved, whatever its name is by then: a rebuild's tables take the live ones' place.
  counters text := case tg_table_name when 'detail_v1' then 'counts_v1' else 'counts_v1_next' end;
begin
  if tg_op = 'TRUNCATE' then
    execute format('delete from read_models.%I', counters);
    return null;
  elsif tg_op = 'INSERT' then
    select jsonb_agg(d) into moved from (
      select tenant, status, count(*) as n from arrived group by tenant, status) d;
  elsif tg_op = 'DELETE' then
    select jsonb_agg(d) into moved from (
      select tenant, status, -count(*) as n from gone group by tenant, status) d;
  else
    select jsonb_agg(d) into moved from (
      select tenant, status, sum(n) as n
      from (select tenant, status, -1 as n from gone union all select tenant, status, 1 from arrived) both_sides
      group by tenant, status having sum(n) <> 0) d;
  end if;
  if moved is null then
    return null;
  end if;
  -- An upsert comes here twice, for its inserts and for its updates: no order within each is an order over both. One writer of
  -- counters at a time, each with all its detail rows behind it, cannot deadlock.
  perform pg_advisory_xact_lock(hashtextextended('read_models.' || counters, 0));
  execute format('insert into read_models.%I as c (tenant, status, n)
    select tenant, status, n from jsonb_to_recordset($1) as r (tenant text, status text, n bigint)
    order by tenant, status
    on conflict (tenant, status) do update set n = c.n + excluded.n', counters) using moved;
  return null;
end $$;

-- Triggers first: they keep writers out until what is there is counted.
create trigger count_inserted after insert on read_models.detail_v1
  referencing new table as arrived for each statement execute function read_models.move_counts_v1();
create trigger count_updated after update on read_models.detail_v1
  referencing old table as gone new table as arrived for each statement execute function read_models.move_counts_v1();
create trigger count_deleted after delete on read_models.detail_v1
  referencing old table as gone for each statement execute function read_models.move_counts_v1();
create trigger count_truncated after truncate on read_models.detail_v1
  for each statement execute function read_models.move_counts_v1();

insert into read_models.counts_v1 (tenant, status, n)
select tenant, status, count(*) from read_models.detail_v1 group by tenant, status;
