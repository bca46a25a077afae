#!/bin/bash
# Runs while the image is built: makes a cluster with the gateway's zone and shuts it down in order,
# so that a container only has to start it.
set -euo pipefail
mkdir -p data/mon data/osd
cd data
fsid=$(cat /proc/sys/kernel/random/uuid)
ceph-authtool keyring --create-keyring --gen-key -n mon. --cap mon 'allow *'
monmaptool --create --fsid "$fsid" --addv a '[v2:127.0.0.1:3300]' monmap
osdmaptool --createsimple 1 osdmap
ceph-mon --fsid "$fsid" --mkfs -i a --monmap monmap --keyring keyring --osdmap osdmap
ceph-mon -f -i a & mon=$!
ceph-osd --mkfs -i 0 --osd-uuid "$(cat /proc/sys/kernel/random/uuid)"
ceph-osd -f -i 0 & osd=$!
# Everything in one pool: pools are slow to make.
radosgw-admin user list
radosgw-admin zone get |
  sed 's/"default\.rgw\./"rgw:/; s/"\(rgw:[^"]*\):/"\1./' >zone.json
radosgw-admin zone set --rgw-zone default --infile zone.json
radosgw-admin user list
kill "$osd"
wait "$osd"
kill "$mon"
wait "$mon"
cd .. && mv data seed
