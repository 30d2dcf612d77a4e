-- Tables of the clients' API alone.
REVOKE ALL ON ALL TABLES IN SCHEMA intake FROM PUBLIC, darkroom_worker, darkroom_api;
GRANT USAGE ON SCHEMA intake TO darkroom_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA intake TO darkroom_api;
REVOKE INSERT, UPDATE, DELETE ON intake.migrations FROM darkroom_api;
