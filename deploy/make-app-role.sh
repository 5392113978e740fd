#!/bin/sh
# Run by the database's image when its volume is new: makes the role the product runs under, and the one under which
# approved erasures of identity records are carried out.
#
# They may connect and nothing else; `manage.py grant cellwright_app --eraser cellwright_eraser`, run after each
# migration by the owner, gives each what it needs. On the tables of the record that is reading and adding alone for
# the first, and deleting what the database's own guards let go for the second.
set -eu
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
    --set password="$(cat /run/secrets/app-password)" \
    --set eraser_password="$(cat /run/secrets/eraser-password)" <<'SQL'
CREATE ROLE cellwright_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION PASSWORD :'password';
CREATE ROLE cellwright_eraser LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION
    PASSWORD :'eraser_password';
REVOKE ALL ON SCHEMA public FROM PUBLIC;
REVOKE ALL ON DATABASE cellwright FROM PUBLIC;
GRANT CONNECT ON DATABASE cellwright TO cellwright_app, cellwright_eraser;
GRANT USAGE ON SCHEMA public TO cellwright_app, cellwright_eraser;
SQL
