#!/bin/sh
# As the official management image: RABBITMQ_DEFAULT_USER, RABBITMQ_DEFAULT_PASS and
# RABBITMQ_DEFAULT_VHOST name the first user and virtual host.
set -e
if [ "$1" = rabbitmq-server ]; then
  for name in user pass vhost; do
    value=$(eval "printf %s \"\${RABBITMQ_DEFAULT_$(echo $name | tr a-z A-Z):-}\"")
    [ -n "$value" ] && printf 'default_%s = %s\n' "$name" "$value" >>/etc/rabbitmq/rabbitmq.conf
  done
  if [ "$(id -u)" = 0 ]; then
    chown -R rabbitmq /var/lib/rabbitmq /etc/rabbitmq
    exec gosu rabbitmq "$@"
  fi
fi
exec "$@"
