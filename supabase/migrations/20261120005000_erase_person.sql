-- Removes a person and all that is known of them; every table that names a person cascades from profiles.
create or replace function erase_person(p_user_id text) returns boolean
language plpgsql as $$
begin
  delete from profiles where user_id = p_user_id;
  return found;
end $$;
