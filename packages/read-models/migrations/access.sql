-- Projections write; the clients' API reads the tables of tenants under row-level security, and images by a function.
REVOKE ALL ON ALL TABLES IN SCHEMA read_models FROM PUBLIC, darkroom_worker, darkroom_api;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA read_models FROM PUBLIC, darkroom_worker, darkroom_api;
GRANT USAGE ON SCHEMA read_models TO darkroom_worker, darkroom_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA read_models TO darkroom_worker;
REVOKE INSERT, UPDATE, DELETE ON read_models.migrations FROM darkroom_worker;
REVOKE DELETE ON read_models.rebuilds FROM darkroom_worker;
GRANT SELECT ON read_models.detail_v1, read_models.feed_v1, read_models.counts_v1, read_models.migrations TO darkroom_api;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA read_models TO darkroom_worker;
GRANT EXECUTE ON FUNCTION read_models.generation(text, uuid),
  read_models.list_page(text, timestamptz, uuid, timestamptz, timestamptz, text[], text, integer), read_models.counts(text),
  read_models.spent_since(text, timestamptz, uuid[]),
  read_models.feed_page(text, text, text[], integer), read_models.feeds_after(text[], text[], integer),
  read_models.locate_artifact(uuid, xid8, bigint, integer) TO darkroom_api;

-- Reads rows whose tenant it does not know yet: for links that carry a proof of their own.
ALTER FUNCTION read_models.locate_artifact(uuid, xid8, bigint, integer)
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
-- What only an owner may do, for a rebuild.
ALTER FUNCTION read_models.clear_next() SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION read_models.hold_writers() SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION read_models.exchange() SECURITY DEFINER SET search_path = pg_catalog, pg_temp;

DO $$
DECLARE
  t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['detail_v1', 'feed_v1', 'counts_v1', 'detail_v1_next', 'feed_v1_next', 'counts_v1_next'] LOOP
    -- What is built into is filled by COPY, which row-level security forbids: the security comes with the switch.
    IF t NOT LIKE '%next' THEN
      EXECUTE format('ALTER TABLE read_models.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t);
    END IF;
    EXECUTE format('DROP POLICY IF EXISTS every_tenant ON read_models.%I', t);
    EXECUTE format('DROP POLICY IF EXISTS one_tenant ON read_models.%I', t);
    EXECUTE format('DROP POLICY IF EXISTS within_definers ON read_models.%I', t);
    EXECUTE format('CREATE POLICY every_tenant ON read_models.%I TO darkroom_worker USING (true)', t);
    EXECUTE format('CREATE POLICY one_tenant ON read_models.%I FOR SELECT TO darkroom_api
      USING (tenant = nullif(current_setting(''darkroom.tenant'', true), ''''))', t);
    EXECUTE format('CREATE POLICY within_definers ON read_models.%I TO CURRENT_USER
      USING (current_setting(''search_path'') = ''pg_catalog, pg_temp'')', t);
  END LOOP;
END $$;
