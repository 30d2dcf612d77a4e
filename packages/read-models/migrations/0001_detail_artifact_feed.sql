-- One row per generation: its folded state and what a list is cut by. Written by projections alone; moves forward only.
create table read_models.detail_v1 (
  id          uuid        primary key,
  tenant      text        not null,
  version     int         not null,
  run         int         not null,
  created_at  timestamptz not null,
  status      text        not null,
  model       text        not null,
  -- How many of its attempts are open questions, and how many jobs were paid for nothing: what may need a person.
  open_questions int      not null,
  paid_orphans   int      not null,
  state       jsonb       not null,
  -- Personal: null once erased.
  prompt      text,
  metadata    jsonb       not null,
  erased      boolean     not null,
  traceparent text
) with (fillfactor = 70);
-- The list of a tenant, newest first: filters are answered inside the index, the rows of one page are fetched by key.
create index detail_v1_list on read_models.detail_v1 (tenant, created_at desc, id desc) include (status, model);

create index detail_v1_open_questions on read_models.detail_v1 (id) where open_questions > 0;
create index detail_v1_paid_orphans on read_models.detail_v1 (id) where paid_orphans > 0;

-- Which generation an image belongs to: written with the generation's row.
create table read_models.artifact_v1 (
  id         uuid primary key,
  generation uuid not null
);

-- What a tenant may see of each of its events, in the order of the log.
create table read_models.feed_v1 (
  tenant      text        not null,
  -- Place in the log: sorts bytewise.
  cursor      text        collate "C" not null,
  event       uuid        not null,
  generation  uuid        not null,
  version     int         not null,
  type        text        not null,
  data        jsonb       not null,
  recorded_at timestamptz not null,
  primary key (tenant, cursor)
);
