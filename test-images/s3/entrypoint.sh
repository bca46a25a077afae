#!/bin/bash
# As MinIO's image: S3 on port 9000 for MINIO_ROOT_USER and MINIO_ROOT_PASSWORD. MinIO's arguments
# (`server /data …`) mean nothing here. Unlike MinIO, a container that starts again starts empty.
set -euo pipefail
trap 'exit 0' TERM INT # the end of this process is the end of every process in the container
rm -rf data && cp -a seed data
ceph-mon -f -i a &
ceph-osd -f -i 0 &
# Before the gateway serves, so that who is answered finds the keys in force.
radosgw-admin user create --uid root --display-name root --caps 'buckets=read' \
  --access-key "${MINIO_ROOT_USER:-minioadmin}" --secret-key "${MINIO_ROOT_PASSWORD:-minioadmin}" >/dev/null
radosgw -f -n client.admin &
wait -n # none of the three can do without the others
exit 1
