#!/usr/bin/env bash
# Checks every query against the migrations and writes what the compiler needs to know about them to .sqlx, so that
# building takes no database. Run it after changing a query or a migration and commit .sqlx with the change.
#
#   src/storage/prepare-queries.sh          write .sqlx
#   src/storage/prepare-queries.sh --check  fail when .sqlx is not current
#
# It uses a PostgreSQL cluster of its own in a temporary folder and leaves nothing behind.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
# The newest installed major version; PostgreSQL keeps its programs off the search path.
programs=$(find /usr/lib/postgresql /usr/pgsql-* -maxdepth 2 -name bin -type d 2>/dev/null | sort -V | tail -1 || true)
if [ -z "$programs" ]; then
    echo "PostgreSQL's server programs are not installed (Debian: apt-get install postgresql)" >&2
    exit 1
fi

# The server refuses to run as root.
as_owner() {
    if [ "$(id -u)" = 0 ]; then
        (cd / && setpriv --reuid=postgres --regid=postgres --init-groups "$@")
    else
        "$@"
    fi
}
stop() {
    as_owner "$programs/pg_ctl" --pgdata "$work/data" --mode immediate --silent stop 2>/dev/null || true
    rm -rf "$work"
}
trap stop EXIT

if [ "$(id -u)" = 0 ]; then
    chown postgres "$work"
fi
as_owner "$programs/initdb" --pgdata "$work/data" --username enrol --auth trust --encoding UTF8 --no-sync >"$work.log" || {
    cat "$work.log" >&2
    exit 1
}
rm -f "$work.log"
# No TCP port: only a socket in the temporary folder.
as_owner "$programs/pg_ctl" --pgdata "$work/data" --silent --wait --log "$work/log" \
    --options "-c listen_addresses='' -c unix_socket_directories='$work' -c fsync=off" start
for migration in "$root"/src/storage/migrations/*.sql; do
    "$programs/psql" --host "$work" --username enrol --dbname postgres --quiet --set ON_ERROR_STOP=1 \
        --single-transaction --file "$migration"
done

mkdir "$work/queries"
touch "$root/src/lib.rs"
DATABASE_URL="postgres://enrol@localhost/postgres?host=$work" SQLX_OFFLINE_DIR="$work/queries" \
    cargo check --quiet --manifest-path "$root/Cargo.toml" --package enrol

if [ "${1:-}" = "--check" ]; then
    diff --recursive --brief "$root/.sqlx" "$work/queries" || {
        echo ".sqlx is not current: run \`make queries\` and commit .sqlx" >&2
        exit 1
    }
else
    rm -rf "$root/.sqlx"
    mkdir "$root/.sqlx"
    cp "$work/queries"/* "$root/.sqlx/"
fi
