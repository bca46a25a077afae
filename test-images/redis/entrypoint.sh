#!/bin/sh
# As the official image: arguments go to redis-server, which runs as its own user, and answers
# from outside the container without a password too.
set -e
case ${1:-} in -* | *.conf) set -- redis-server "$@" ;; esac
if [ "$1" = redis-server ]; then
  [ "$(id -u)" = 0 ] && chown redis . && exec gosu redis "$0" "$@"
  set -- "$@" --protected-mode no
fi
exec "$@"
