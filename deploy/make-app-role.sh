#!/bin/sh
# Run by the database's image when its volume is new: makes the role the product runs under.
#
# It may connect and nothing else; `manage.py grant cellwright_app`, run after each migration by the owner, gives it
# what it needs on each table, and on the tables of the record that is reading and adding alone.
set -eu
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
    --set password="$(cat /run/secrets/app-password)" <<'SQL'
CREATE ROLE cellwright_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION PASSWORD :'password';
REVOKE ALL ON SCHEMA public FROM PUBLIC;
REVOKE ALL ON DATABASE cellwright FROM PUBLIC;
GRANT CONNECT ON DATABASE cellwright TO cellwright_app;
GRANT USAGE ON SCHEMA public TO cellwright_app;
SQL
