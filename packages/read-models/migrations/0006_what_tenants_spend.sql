-- What each generation costs its tenant, or may cost, in millionths of a US dollar: summed from the index alone. Of rows that were there
-- before, nothing until their next event or a rebuild.
alter table read_models.detail_v1 add spent_micros bigint not null default 0;
alter table read_models.detail_v1_next add spent_micros bigint not null default 0;
create index detail_v1_spend on read_models.detail_v1 (tenant, created_at) include (spent_micros, id);
create index detail_v1_next_spend on read_models.detail_v1_next (tenant, created_at) include (spent_micros, id);

-- What a tenant's generations cost, or may cost, that were asked for since then, and which of these are among them.
create function read_models.spent_since(wanted_tenant text, since timestamptz, named uuid[])
returns table (spent bigint, seen uuid[])
language plpgsql set plan_cache_mode to force_custom_plan as $$
begin
  perform set_config('darkroom.tenant', wanted_tenant, true);
  return query
    select coalesce(sum(d.spent_micros), 0)::bigint, coalesce(array_agg(d.id) filter (where d.id = any (named)), '{}')
    from read_models.detail_v1 d
    where d.tenant = wanted_tenant and d.created_at >= since;
end $$;
