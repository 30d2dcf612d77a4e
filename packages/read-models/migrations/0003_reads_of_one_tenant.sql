-- What readers ask, each in one round trip: sets the tenant for this transaction, under whose row-level security the clients' API
-- reads (access.sql), and selects. Operators and background services pass no tenant where they mean all of them.

-- One generation and its stream's version.
create function read_models.generation(wanted_tenant text, wanted_id uuid)
returns table (head integer, id uuid, tenant text, version integer, state jsonb, prompt text, metadata jsonb, erased boolean,
  traceparent text)
language plpgsql as $$
begin
  perform set_config('darkroom.tenant', coalesce(wanted_tenant, ''), true);
  return query
    select s.version, d.id, d.tenant, d.version, d.state, d.prompt, d.metadata, d.erased, d.traceparent
    from event_store.streams s left join read_models.detail_v1 d on d.id = s.id
    where s.id = wanted_id and (wanted_tenant is null or s.tenant = wanted_tenant);
end $$;

-- A page of a tenant's list, newest first: cut inside the covering index, its rows fetched by key. Planned for its own filters,
-- so that those which are null cost nothing.
create function read_models.list_page(wanted_tenant text, after_time timestamptz, after_id uuid, later_than timestamptz,
  earlier_than timestamptz, statuses text[], wanted_model text, most integer)
returns table (listed_at timestamptz, head integer, id uuid, tenant text, version integer, state jsonb, prompt text, metadata jsonb,
  erased boolean, traceparent text)
language plpgsql set plan_cache_mode to force_custom_plan as $$
begin
  perform set_config('darkroom.tenant', wanted_tenant, true);
  return query
    with page as materialized (
      select l.id, l.created_at from read_models.detail_v1 l
      where l.tenant = wanted_tenant
        and (after_time is null or (l.created_at, l.id) < (after_time, after_id))
        and (later_than is null or l.created_at > later_than)
        and (earlier_than is null or l.created_at < earlier_than)
        and (statuses is null or l.status = any (statuses))
        and (wanted_model is null or l.model = wanted_model)
      order by l.created_at desc, l.id desc
      limit most
    )
    select page.created_at, s.version, d.id, d.tenant, d.version, d.state, d.prompt, d.metadata, d.erased, d.traceparent
    from page join read_models.detail_v1 d on d.id = page.id join event_store.streams s on s.id = page.id
    order by page.created_at desc, page.id desc;
end $$;

-- How many generations of a tenant stand at each status.
create function read_models.counts(wanted_tenant text)
returns table (tenant text, status text, n bigint)
language plpgsql as $$
begin
  perform set_config('darkroom.tenant', wanted_tenant, true);
  return query select c.tenant, c.status, c.n from read_models.counts_v1 c where c.tenant = wanted_tenant;
end $$;

-- A tenant's events after a cursor, in the order of the log.
create function read_models.feed_page(wanted_tenant text, beyond text, types text[], most integer)
returns table (tenant text, cursor text, event uuid, generation uuid, version integer, type text, data jsonb, recorded_at timestamptz)
language plpgsql set plan_cache_mode to force_custom_plan as $$
begin
  perform set_config('darkroom.tenant', wanted_tenant, true);
  return query
    select f.tenant, f.cursor, f.event, f.generation, f.version, f.type, f.data, f.recorded_at from read_models.feed_v1 f
    where f.tenant = wanted_tenant and f.cursor > beyond collate "C" and (types is null or f.type = any (types))
    order by f.cursor limit most;
end $$;

-- The same for several tenants, each after its own cursor: what the live readers of one process need.
create function read_models.feeds_after(tenants text[], cursors text[], most_each integer)
returns table (tenant text, cursor text, event uuid, generation uuid, version integer, type text, data jsonb, recorded_at timestamptz)
language plpgsql as $$
begin
  for i in 1 .. cardinality(tenants) loop
    return query select f.* from read_models.feed_page(tenants[i], cursors[i], null, most_each) f;
  end loop;
end $$;

-- Which generation an image belongs to, and whose it is: among the rows, else among the first `most` events of the log after the
-- place up to which the rows are written. What is committed is looked at even where readers of the log still wait for an older
-- transaction.
create function read_models.locate_artifact(wanted uuid, reached_tx xid8, reached_position bigint, most integer)
returns table (generation uuid, tenant text)
language plpgsql as $$
declare
  found uuid;
begin
  select a.generation into found from read_models.artifact_v1 a where a.id = wanted;
  if found is null then
    select late.stream into found from (
      select e.stream, e.type, e.data from event_store.events e
      where (e.tx, e.position) > (reached_tx, reached_position)
      order by e.tx, e.position limit most
    ) late
    where late.type = 'ArtifactStored' and late.data ->> 'artifactId' = wanted::text limit 1;
  end if;
  if found is null then
    -- Its row may have been written, and the place read, between the two looks.
    select a.generation into found from read_models.artifact_v1 a where a.id = wanted;
  end if;
  return query select s.id, s.tenant from event_store.streams s where s.id = found;
end $$;
