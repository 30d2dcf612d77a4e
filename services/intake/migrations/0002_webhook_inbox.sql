-- Vendors' webhooks, as they came: each distinct one that was verified, at most a few an attempt. Evidence, kept apart from the log.
create table intake.webhook_inbox (
  id              uuid        primary key,
  provider        text        not null,
  generation      uuid        not null,
  attempt         int         not null check (attempt > 0),
  notification_id text        not null,
  body_sha256     text        not null check (body_sha256 ~ '^[0-9a-f]{64}$'),
  -- Personal: emptied when the generation's content is erased.
  body            bytea       not null,
  received_at     timestamptz not null default clock_timestamp(),
  unique (generation, attempt, body_sha256)
);
