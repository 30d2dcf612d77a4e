#!/bin/sh
# Run once by the Postgres image, on an empty data folder: who logs in, and the groups that the migrations grant rights to.
set -eu
psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  -v owner="$DARKROOM_OWNER_PASSWORD" -v service="$DARKROOM_SERVICE_PASSWORD" -v intake="$DARKROOM_INTAKE_PASSWORD" <<'SQL'
CREATE ROLE darkroom_worker NOLOGIN;
CREATE ROLE darkroom_api NOLOGIN;
CREATE ROLE darkroom_owner LOGIN PASSWORD :'owner';
CREATE ROLE darkroom_service LOGIN PASSWORD :'service';
CREATE ROLE darkroom_intake LOGIN PASSWORD :'intake';
GRANT darkroom_worker TO darkroom_service;
GRANT darkroom_api TO darkroom_intake;
CREATE DATABASE darkroom OWNER darkroom_owner;
SQL
