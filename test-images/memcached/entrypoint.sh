#!/bin/sh
# As the official image: arguments that begin with a dash go to memcached.
set -e
case ${1:-} in -*) set -- memcached "$@" ;; esac
exec "$@"
