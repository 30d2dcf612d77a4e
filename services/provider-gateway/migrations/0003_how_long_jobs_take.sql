-- How long jobs of each model took, from acceptance to images: a histogram over logarithmic buckets, whose older half fades as new ones come.
create table gateway.model_durations (
  model  text             not null,
  bucket integer          not null,
  n      double precision not null,
  primary key (model, bucket)
) with (fillfactor = 50);
