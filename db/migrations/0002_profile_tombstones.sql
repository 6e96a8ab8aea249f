-- A revision that ends a profile: its runs stay, and so do its revisions.
alter table profiles add column deleted boolean not null default false;
