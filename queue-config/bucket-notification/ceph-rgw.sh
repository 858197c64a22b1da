#!/usr/bin/env bash
# Makes Ceph RGW announce new objects of a bucket on Enrol's exchange. Needs the AWS command line, with credentials of
# the bucket's owner. RGW keeps undelivered notices of a persistent topic and retries them.
set -euo pipefail
: "${ENDPOINT:?address of the RGW, https://rgw.example.org}"
: "${BUCKET:?name of the bucket}"
: "${BROKER:?amqps://user:password@broker.example.org:5671/vhost}"

topic=$(aws --endpoint-url "$ENDPOINT" sns create-topic --name enrol-objects --output text --query TopicArn \
    --attributes "{\"push-endpoint\": \"$BROKER\", \"amqp-exchange\": \"enrol.objects\", \"amqp-ack-level\": \"routable\", \"persistent\": \"true\", \"verify-ssl\": \"true\"}")
aws --endpoint-url "$ENDPOINT" s3api put-bucket-notification-configuration --bucket "$BUCKET" \
    --notification-configuration "{\"TopicConfigurations\": [{\"Id\": \"enrol\", \"TopicArn\": \"$topic\", \"Events\": [\"s3:ObjectCreated:*\"]}]}"
