#!/bin/bash
# As the official image: initialises PGDATA from POSTGRES_USER, POSTGRES_PASSWORD and POSTGRES_DB
# on the first start, with the server on its socket only; then serves.
set -euo pipefail
[ "${1:0:1}" = - ] && set -- postgres "$@"
if [ "$1" = postgres ] && [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA" /var/run/postgresql
  chown -R postgres "$PGDATA" /var/run/postgresql
  chmod 0700 "$PGDATA"
  exec gosu postgres "$0" "$@"
fi
if [ "$1" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
  user=${POSTGRES_USER:-postgres}
  database=${POSTGRES_DB:-$user}
  : "${POSTGRES_PASSWORD:?set POSTGRES_PASSWORD}"
  initdb --username="$user" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") ${POSTGRES_INITDB_ARGS:-}
  printf '\nhost all all all scram-sha-256\n' >>"$PGDATA/pg_hba.conf"
  pg_ctl -D "$PGDATA" -o "-c listen_addresses='' -p 5432" -w start
  if [ "$database" != postgres ]; then
    PGPASSWORD=$POSTGRES_PASSWORD psql --username="$user" --dbname=postgres --no-password \
      -v ON_ERROR_STOP=1 -v name="$database" <<<'CREATE DATABASE :"name";'
  fi
  pg_ctl -D "$PGDATA" -m fast -w stop
  set -- "$@" -c listen_addresses='*'
fi
exec "$@"
