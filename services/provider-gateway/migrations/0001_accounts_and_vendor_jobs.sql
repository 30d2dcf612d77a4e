-- What holds an account's submits back, whichever process learned it. No row: nothing does.
create table gateway.account_gates (
  account    text        primary key,
  not_before timestamptz not null,
  -- Set while the vendor refuses the account itself: one probe at a time until a submit is taken.
  paused_by  text
);

-- A vendor's job has one owner, whatever an answer says.
create table gateway.vendor_jobs (
  account       text not null,
  vendor_job_id text not null,
  generation    uuid not null,
  attempt       int  not null,
  primary key (account, vendor_job_id)
);
