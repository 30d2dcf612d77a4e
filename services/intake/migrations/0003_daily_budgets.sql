-- What a tenant may spend a day (UTC), in millionths of a US dollar; null: what the setting DAILY_BUDGET_MICROS says.
alter table intake.tenants add daily_budget_micros bigint check (daily_budget_micros >= 0);
