#!/bin/sh
# Makes the secrets that docker-compose.yml reads, once, in ./var/secrets; what exists is never overwritten.
#
# The folder is its owner's alone (0700). The files in it can be read by all (0444), because Compose mounts them with
# their mode into containers whose user is another.
set -eu
cd "$(dirname "$0")/.."
umask 077
mkdir -p var/secrets
chmod 0700 var/secrets

make() {
    file=var/secrets/$1
    if [ -e "$file" ]; then
        echo "kept  $file"
        return
    fi
    printf '%s' "$2" >"$file.new"
    chmod 0444 "$file.new"
    mv "$file.new" "$file"
    echo "made  $file"
}

random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

make owner-password "$(random)"
make app-password "$(random)"
make eraser-password "$(random)"
make secret-key "$(random)"
make owner-database-url "postgresql://cellwright_owner:$(cat var/secrets/owner-password)@db:5432/cellwright"
make app-database-url "postgresql://cellwright_app:$(cat var/secrets/app-password)@db:5432/cellwright"
make eraser-database-url "postgresql://cellwright_eraser:$(cat var/secrets/eraser-password)@db:5432/cellwright"
