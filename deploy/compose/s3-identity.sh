#!/bin/sh
# Starts the S3 server with one key, which may do everything.
set -eu
mkdir -p /data
printf '{"identities":[{"name":"darkroom","credentials":[{"accessKey":"%s","secretKey":"%s"}],"actions":["Admin"]}]}' \
  "$S3_ACCESS_KEY_ID" "$S3_SECRET_ACCESS_KEY" > /tmp/s3.json
exec weed mini -dir=/data -ip.bind=0.0.0.0 -s3.port=8333 -s3.config=/tmp/s3.json -webdav=false -admin.ui=false
