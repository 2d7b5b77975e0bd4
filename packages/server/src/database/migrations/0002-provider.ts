/** The tables of the identity provider, and what administering people needs. */
export const provider = {
  name: '0002_provider',
  sql: `
ALTER TABLE "user" ADD COLUMN role text, ADD COLUMN banned boolean DEFAULT false, ADD COLUMN ban_reason text, ADD COLUMN ban_expires timestamptz;

ALTER TABLE session ADD COLUMN amr text;

CREATE TABLE oauth_client (
  id text PRIMARY KEY NOT NULL,
  client_id text NOT NULL,
  client_secret text,
  client_discovery_id text,
  disabled boolean DEFAULT false,
  skip_consent boolean,
  enable_end_session boolean,
  subject_type text,
  scopes text[],
  client_credentials_scopes text[],
  user_id text,
  created_at timestamptz,
  updated_at timestamptz,
  name text,
  uri text,
  icon text,
  contacts text[],
  tos text,
  policy text,
  software_id text,
  software_version text,
  software_statement text,
  redirect_uris text[] NOT NULL,
  post_logout_redirect_uris text[],
  backchannel_logout_uri text,
  backchannel_logout_session_required boolean,
  token_endpoint_auth_method text,
  application_type text,
  jwks text,
  jwks_uri text,
  grant_types text[],
  response_types text[],
  require_pkce boolean,
  dpop_bound_access_tokens boolean DEFAULT false,
  reference_id text,
  metadata jsonb,
  description text,
  registration text DEFAULT 'manual' NOT NULL,
  registration_hash text,
  previous_secret text,
  previous_secret_expires_at timestamptz,
  default_scopes text[],
  access_token_lifetime integer,
  refresh_token_lifetime integer,
  allowed_users text[],
  last_used_at timestamptz,
  document_expires_at timestamptz,
  document_pin text,
  CONSTRAINT oauth_client_client_id_unique UNIQUE(client_id),
  CONSTRAINT oauth_client_registration_hash_unique UNIQUE(registration_hash)
);

CREATE TABLE oauth_resource (
  id text PRIMARY KEY NOT NULL,
  identifier text NOT NULL,
  name text NOT NULL,
  access_token_ttl integer,
  refresh_token_ttl integer,
  signing_algorithm text,
  signing_key_id text,
  allowed_scopes text[],
  custom_claims jsonb,
  dpop_bound_access_tokens_required boolean DEFAULT false,
  disabled boolean DEFAULT false,
  created_at timestamptz,
  updated_at timestamptz,
  policy_version integer DEFAULT 1,
  metadata jsonb,
  CONSTRAINT oauth_resource_identifier_unique UNIQUE(identifier)
);

CREATE TABLE oauth_client_resource (
  id text PRIMARY KEY NOT NULL,
  client_id text NOT NULL,
  resource_id text NOT NULL,
  metadata jsonb,
  created_at timestamptz
);

CREATE TABLE oauth_grant (
  id text PRIMARY KEY NOT NULL,
  kind text NOT NULL,
  code_hash text,
  client_id text NOT NULL,
  user_id text,
  session_id text,
  reference_id text,
  scopes text[] NOT NULL,
  resources text[],
  requested_user_info_claims text[],
  auth_time timestamptz,
  acr text,
  amr text[],
  actor jsonb,
  offline boolean DEFAULT false,
  parent_id text,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  CONSTRAINT oauth_grant_code_hash_unique UNIQUE(code_hash)
);

CREATE TABLE oauth_refresh_token (
  id text PRIMARY KEY NOT NULL,
  token text NOT NULL,
  client_id text NOT NULL,
  session_id text,
  user_id text,
  reference_id text,
  authorization_code_id text,
  resources text[],
  requested_user_info_claims text[],
  expires_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL,
  revoked timestamptz,
  rotated_at timestamptz,
  rotation_replay_response text,
  rotation_replay_expires_at timestamptz,
  auth_time timestamptz,
  confirmation jsonb,
  scopes text[] NOT NULL,
  CONSTRAINT oauth_refresh_token_token_unique UNIQUE(token)
);

CREATE TABLE oauth_access_token (
  id text PRIMARY KEY NOT NULL,
  token text NOT NULL,
  client_id text NOT NULL,
  session_id text,
  user_id text,
  reference_id text,
  authorization_code_id text,
  resources text[],
  requested_user_info_claims text[],
  refresh_id text,
  expires_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL,
  revoked timestamptz,
  confirmation jsonb,
  scopes text[] NOT NULL,
  CONSTRAINT oauth_access_token_token_unique UNIQUE(token)
);

CREATE TABLE oauth_consent (
  id text PRIMARY KEY NOT NULL,
  client_id text NOT NULL,
  user_id text,
  reference_id text,
  resources text[],
  requested_user_info_claims text[],
  scopes text[] NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);

CREATE TABLE oauth_client_assertion (
  id text PRIMARY KEY NOT NULL,
  expires_at timestamptz NOT NULL
);

CREATE TABLE oauth_pending_authorization (
  id text PRIMARY KEY NOT NULL,
  kind text NOT NULL,
  secret_hash text NOT NULL,
  user_code_hash text,
  client_id text NOT NULL,
  user_id text,
  session_id text,
  reference_id text,
  scopes text[] NOT NULL,
  resources text[],
  binding_message text,
  acr_values text,
  amr text,
  status text NOT NULL,
  "interval" integer NOT NULL,
  next_poll_at timestamptz NOT NULL,
  auth_time timestamptz,
  confirmation jsonb,
  notification_token text,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  CONSTRAINT oauth_pending_authorization_secret_hash_unique UNIQUE(secret_hash),
  CONSTRAINT oauth_pending_authorization_user_code_hash_unique UNIQUE(user_code_hash)
);

CREATE TABLE oauth_logout_delivery (
  id text PRIMARY KEY NOT NULL,
  client_id text NOT NULL,
  subject text NOT NULL,
  session_id text,
  attempts integer DEFAULT 0 NOT NULL,
  next_attempt_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL,
  last_error text
);

CREATE TABLE oauth_activity (
  id text PRIMARY KEY NOT NULL,
  client_id text NOT NULL,
  user_id text,
  day text NOT NULL,
  total integer DEFAULT 0 NOT NULL
);

ALTER TABLE oauth_client ADD CONSTRAINT oauth_client_user_id_fk FOREIGN KEY (user_id) REFERENCES "user"(id) ON DELETE cascade;
ALTER TABLE oauth_client_resource ADD CONSTRAINT oauth_client_resource_client_id_fk FOREIGN KEY (client_id) REFERENCES oauth_client(client_id) ON DELETE cascade;
ALTER TABLE oauth_client_resource ADD CONSTRAINT oauth_client_resource_resource_id_fk FOREIGN KEY (resource_id) REFERENCES oauth_resource(identifier) ON DELETE cascade;
ALTER TABLE oauth_grant ADD CONSTRAINT oauth_grant_client_id_fk FOREIGN KEY (client_id) REFERENCES oauth_client(client_id) ON DELETE cascade;
ALTER TABLE oauth_grant ADD CONSTRAINT oauth_grant_user_id_fk FOREIGN KEY (user_id) REFERENCES "user"(id) ON DELETE cascade;
ALTER TABLE oauth_grant ADD CONSTRAINT oauth_grant_parent_id_fk FOREIGN KEY (parent_id) REFERENCES oauth_grant(id) ON DELETE cascade;
ALTER TABLE oauth_refresh_token ADD CONSTRAINT oauth_refresh_token_authorization_code_id_fk FOREIGN KEY (authorization_code_id) REFERENCES oauth_grant(id) ON DELETE cascade;
ALTER TABLE oauth_access_token ADD CONSTRAINT oauth_access_token_client_id_fk FOREIGN KEY (client_id) REFERENCES oauth_client(client_id) ON DELETE cascade;
ALTER TABLE oauth_access_token ADD CONSTRAINT oauth_access_token_authorization_code_id_fk FOREIGN KEY (authorization_code_id) REFERENCES oauth_grant(id) ON DELETE cascade;
ALTER TABLE oauth_consent ADD CONSTRAINT oauth_consent_client_id_fk FOREIGN KEY (client_id) REFERENCES oauth_client(client_id) ON DELETE cascade;
ALTER TABLE oauth_consent ADD CONSTRAINT oauth_consent_user_id_fk FOREIGN KEY (user_id) REFERENCES "user"(id) ON DELETE cascade;
ALTER TABLE oauth_pending_authorization ADD CONSTRAINT oauth_pending_authorization_client_id_fk FOREIGN KEY (client_id) REFERENCES oauth_client(client_id) ON DELETE cascade;
ALTER TABLE oauth_pending_authorization ADD CONSTRAINT oauth_pending_authorization_user_id_fk FOREIGN KEY (user_id) REFERENCES "user"(id) ON DELETE cascade;
ALTER TABLE oauth_logout_delivery ADD CONSTRAINT oauth_logout_delivery_client_id_fk FOREIGN KEY (client_id) REFERENCES oauth_client(client_id) ON DELETE cascade;
ALTER TABLE oauth_activity ADD CONSTRAINT oauth_activity_client_id_fk FOREIGN KEY (client_id) REFERENCES oauth_client(client_id) ON DELETE cascade;
ALTER TABLE oauth_activity ADD CONSTRAINT oauth_activity_user_id_fk FOREIGN KEY (user_id) REFERENCES "user"(id) ON DELETE cascade;

CREATE INDEX oauth_client_user_id ON oauth_client (user_id);
CREATE INDEX oauth_client_reference_id ON oauth_client (reference_id);
CREATE INDEX oauth_client_resource_client_id ON oauth_client_resource (client_id);
CREATE INDEX oauth_client_resource_resource_id ON oauth_client_resource (resource_id);
CREATE UNIQUE INDEX oauth_client_resource_pair ON oauth_client_resource (client_id,resource_id);
CREATE INDEX oauth_grant_client_id ON oauth_grant (client_id);
CREATE INDEX oauth_grant_user_id ON oauth_grant (user_id);
CREATE INDEX oauth_grant_session_id ON oauth_grant (session_id);
CREATE INDEX oauth_grant_parent_id ON oauth_grant (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX oauth_refresh_token_authorization_code_id ON oauth_refresh_token (authorization_code_id);
CREATE INDEX oauth_access_token_client_id ON oauth_access_token (client_id);
CREATE INDEX oauth_access_token_user_id ON oauth_access_token (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX oauth_access_token_authorization_code_id ON oauth_access_token (authorization_code_id) WHERE authorization_code_id IS NOT NULL;
CREATE INDEX oauth_access_token_expires_at ON oauth_access_token (expires_at);
CREATE INDEX oauth_consent_client_id ON oauth_consent (client_id);
CREATE INDEX oauth_consent_user_id ON oauth_consent (user_id);
CREATE UNIQUE INDEX oauth_consent_choice ON oauth_consent (client_id, user_id, coalesce(reference_id, ''));
CREATE INDEX oauth_client_assertion_expires_at ON oauth_client_assertion (expires_at);
CREATE INDEX oauth_pending_authorization_client_id ON oauth_pending_authorization (client_id);
CREATE INDEX oauth_pending_authorization_user_id ON oauth_pending_authorization (user_id);
CREATE INDEX oauth_pending_authorization_expires_at ON oauth_pending_authorization (expires_at);
CREATE INDEX oauth_logout_delivery_client_id ON oauth_logout_delivery (client_id);
CREATE INDEX oauth_logout_delivery_next_attempt_at ON oauth_logout_delivery (next_attempt_at);
CREATE INDEX oauth_activity_client_id ON oauth_activity (client_id);
CREATE INDEX oauth_activity_user_id ON oauth_activity (user_id);

-- Who remembers tokens, families and clients is told what has changed about them. What expired on its own needs no telling.
CREATE FUNCTION countersign_tell_access_token() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_notify('countersign_lookup', 'access-token ' || OLD.token); RETURN NULL; END $$;
CREATE FUNCTION countersign_tell_oauth_grant() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_notify('countersign_lookup', 'oauth-grant ' || OLD.id); RETURN NULL; END $$;
CREATE FUNCTION countersign_tell_oauth_client() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_notify('countersign_lookup', 'oauth-client ' || OLD.client_id); RETURN NULL; END $$;
CREATE FUNCTION countersign_tell_oauth_resources() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_notify('countersign_lookup', 'oauth-resource all'); RETURN NULL; END $$;
CREATE FUNCTION countersign_end_consent() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE oauth_grant SET revoked_at = now() WHERE client_id = OLD.client_id AND user_id = OLD.user_id AND reference_id IS NOT DISTINCT FROM OLD.reference_id AND revoked_at IS NULL; RETURN NULL; END $$;
CREATE FUNCTION countersign_end_with_session() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE oauth_grant SET revoked_at = now() WHERE session_id = OLD.id AND offline IS NOT TRUE AND revoked_at IS NULL; RETURN NULL; END $$;
CREATE FUNCTION countersign_end_banned() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE oauth_grant SET revoked_at = now() WHERE user_id = OLD.id AND revoked_at IS NULL; RETURN NULL; END $$;
CREATE FUNCTION countersign_end_membership() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE oauth_grant SET revoked_at = now() WHERE user_id = OLD.user_id AND reference_id = OLD.organization_id AND revoked_at IS NULL; RETURN NULL; END $$;
CREATE FUNCTION countersign_queue_logout() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO oauth_logout_delivery (id, client_id, subject, session_id, next_attempt_at, created_at) SELECT gen_random_uuid()::text, c.client_id, OLD.user_id, OLD.id, now(), now() FROM oauth_client c WHERE c.backchannel_logout_uri IS NOT NULL AND c.client_id IN (SELECT g.client_id FROM oauth_grant g WHERE g.session_id = OLD.id); IF FOUND THEN PERFORM pg_notify('countersign_lookup', 'oauth-logout ' || OLD.id); END IF; RETURN NULL; END $$;
CREATE FUNCTION countersign_end_exchanged() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE oauth_grant SET revoked_at = NEW.revoked_at WHERE parent_id = OLD.id AND revoked_at IS NULL; RETURN NULL; END $$;
CREATE FUNCTION countersign_end_handed_on() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE oauth_grant SET revoked_at = now() FROM oauth_grant held WHERE oauth_grant.parent_id = held.id AND oauth_grant.revoked_at IS NULL AND held.client_id = NEW.client_id AND (NEW.disabled OR NOT held.user_id = ANY (NEW.allowed_users)); RETURN NULL; END $$;
CREATE TRIGGER oauth_access_token_changed AFTER DELETE OR UPDATE ON oauth_access_token FOR EACH ROW WHEN (OLD.expires_at > now()) EXECUTE FUNCTION countersign_tell_access_token();
CREATE TRIGGER oauth_grant_changed AFTER DELETE OR UPDATE ON oauth_grant FOR EACH ROW WHEN (OLD.expires_at > now()) EXECUTE FUNCTION countersign_tell_oauth_grant();
CREATE TRIGGER oauth_grant_ended AFTER UPDATE OF revoked_at ON oauth_grant FOR EACH ROW WHEN (OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL) EXECUTE FUNCTION countersign_end_exchanged();
CREATE TRIGGER oauth_client_ends_exchanged AFTER UPDATE OF disabled, allowed_users ON oauth_client FOR EACH ROW WHEN (NEW.disabled OR NEW.allowed_users IS NOT NULL) EXECUTE FUNCTION countersign_end_handed_on();
CREATE TRIGGER oauth_client_deleted AFTER DELETE ON oauth_client FOR EACH ROW EXECUTE FUNCTION countersign_tell_oauth_client();
CREATE TRIGGER oauth_client_changed AFTER UPDATE ON oauth_client FOR EACH ROW WHEN (OLD.last_used_at IS NOT DISTINCT FROM NEW.last_used_at) EXECUTE FUNCTION countersign_tell_oauth_client();
CREATE TRIGGER oauth_resource_changed AFTER INSERT OR DELETE OR UPDATE ON oauth_resource FOR EACH STATEMENT EXECUTE FUNCTION countersign_tell_oauth_resources();
CREATE TRIGGER oauth_client_resource_changed AFTER INSERT OR DELETE OR UPDATE ON oauth_client_resource FOR EACH STATEMENT EXECUTE FUNCTION countersign_tell_oauth_resources();
CREATE TRIGGER session_ends_grants AFTER DELETE ON session FOR EACH ROW WHEN (OLD.expires_at > now()) EXECUTE FUNCTION countersign_end_with_session();
CREATE TRIGGER user_ban_ends_grants AFTER UPDATE OF banned, ban_expires ON "user" FOR EACH ROW WHEN (NEW.banned AND (NEW.ban_expires IS NULL OR NEW.ban_expires > now())) EXECUTE FUNCTION countersign_end_banned();
CREATE TRIGGER member_ends_grants AFTER DELETE ON member FOR EACH ROW EXECUTE FUNCTION countersign_end_membership();
CREATE TRIGGER session_queues_logout AFTER DELETE ON session FOR EACH ROW WHEN (OLD.expires_at > now()) EXECUTE FUNCTION countersign_queue_logout();
CREATE TRIGGER oauth_consent_ended AFTER DELETE ON oauth_consent FOR EACH ROW EXECUTE FUNCTION countersign_end_consent();
`,
}
