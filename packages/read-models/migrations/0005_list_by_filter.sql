-- A list cut by a filter walked the tenant's whole index where little or nothing passed it. Each filter has an index that holds its
-- rows in the order of the list; several statuses are merged, a page of each.
drop index read_models.detail_v1_list;
create index detail_v1_list on read_models.detail_v1 (tenant, created_at desc, id desc);
create index detail_v1_by_status on read_models.detail_v1 (tenant, status, created_at desc, id desc);
create index detail_v1_by_model on read_models.detail_v1 (tenant, model, status, created_at desc, id desc);
drop index read_models.detail_v1_next_list;
create index detail_v1_next_list on read_models.detail_v1_next (tenant, created_at desc, id desc);
create index detail_v1_next_by_status on read_models.detail_v1_next (tenant, status, created_at desc, id desc);
create index detail_v1_next_by_model on read_models.detail_v1_next (tenant, model, status, created_at desc, id desc);

-- As before, but that a model is asked for with the statuses that are wanted of it.
create or replace function read_models.list_page(wanted_tenant text, after_time timestamptz, after_id uuid, later_than timestamptz,
  earlier_than timestamptz, statuses text[], wanted_model text, most integer)
returns table (listed_at timestamptz, head integer, id uuid, tenant text, version integer, state jsonb, prompt text, metadata jsonb,
  erased boolean, traceparent text)
language plpgsql set plan_cache_mode to force_custom_plan as $$
begin
  perform set_config('darkroom.tenant', wanted_tenant, true);
  if statuses is null then
    return query
      with page as materialized (
        select l.id, l.created_at from read_models.detail_v1 l
        where l.tenant = wanted_tenant
          and (after_time is null or (l.created_at, l.id) < (after_time, after_id))
          and (later_than is null or l.created_at > later_than)
          and (earlier_than is null or l.created_at < earlier_than)
        order by l.created_at desc, l.id desc
        limit most
      )
      select page.created_at, s.version, d.id, d.tenant, d.version, d.state, d.prompt, d.metadata, d.erased, d.traceparent
      from page join read_models.detail_v1 d on d.id = page.id join event_store.streams s on s.id = page.id
      order by page.created_at desc, page.id desc;
  else
    return query
      with page as materialized (
        select of_one.id, of_one.created_at
        from (select distinct unnest(statuses) as status) wanted
        cross join lateral (
          select l.id, l.created_at from read_models.detail_v1 l
          where l.tenant = wanted_tenant and l.status = wanted.status
            and (wanted_model is null or l.model = wanted_model)
            and (after_time is null or (l.created_at, l.id) < (after_time, after_id))
            and (later_than is null or l.created_at > later_than)
            and (earlier_than is null or l.created_at < earlier_than)
          order by l.created_at desc, l.id desc
          limit most
        ) of_one
        order by of_one.created_at desc, of_one.id desc
        limit most
      )
      select page.created_at, s.version, d.id, d.tenant, d.version, d.state, d.prompt, d.metadata, d.erased, d.traceparent
      from page join read_models.detail_v1 d on d.id = page.id join event_store.streams s on s.id = page.id
      order by page.created_at desc, page.id desc;
  end if;
end $$;
