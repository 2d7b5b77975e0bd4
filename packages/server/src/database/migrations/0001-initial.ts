/** The tables of the first version. */
export const initial = {
  name: '0001_initial',
  sql: `
CREATE TABLE account (
  id text PRIMARY KEY NOT NULL,
  account_id text NOT NULL,
  provider_id text NOT NULL,
  user_id text NOT NULL,
  access_token text,
  refresh_token text,
  id_token text,
  access_token_expires_at timestamptz,
  refresh_token_expires_at timestamptz,
  scope text,
  password text,
  created_at timestamptz DEFAULT now() NOT NULL,
  updated_at timestamptz DEFAULT now() NOT NULL
);

CREATE TABLE agent (
  id text PRIMARY KEY NOT NULL,
  name text NOT NULL,
  host_id text NOT NULL,
  user_id text,
  mode text NOT NULL,
  status text NOT NULL,
  public_key jsonb NOT NULL,
  jwks_url text,
  key_id text,
  registration_key text NOT NULL,
  paused_at timestamptz,
  activated_at timestamptz,
  last_used_at timestamptz,
  created_at timestamptz DEFAULT now() NOT NULL,
  updated_at timestamptz DEFAULT now() NOT NULL,
  CONSTRAINT agent_registration_key_unique UNIQUE(registration_key)
);

CREATE TABLE agent_approval (
  id text PRIMARY KEY NOT NULL,
  agent_id text NOT NULL,
  host_id text NOT NULL,
  kind text NOT NULL,
  method text NOT NULL,
  status text NOT NULL,
  user_code_hash text NOT NULL,
  reason text,
  binding_message text,
  opened_by text,
  decided_by text,
  decided_at timestamptz,
  expires_at timestamptz NOT NULL,
  created_at timestamptz DEFAULT now() NOT NULL,
  updated_at timestamptz DEFAULT now() NOT NULL,
  CONSTRAINT agent_approval_user_code_hash_unique UNIQUE(user_code_hash)
);

CREATE TABLE agent_enrollment (
  id text PRIMARY KEY NOT NULL,
  token_hash text NOT NULL,
  user_id text NOT NULL,
  name text,
  default_capabilities jsonb NOT NULL,
  host_id text,
  expires_at timestamptz NOT NULL,
  created_at timestamptz DEFAULT now() NOT NULL,
  CONSTRAINT agent_enrollment_token_hash_unique UNIQUE(token_hash)
);

CREATE TABLE agent_event (
  id text PRIMARY KEY NOT NULL,
  type text NOT NULL,
  outcome text NOT NULL,
  agent_id text,
  host_id text,
  user_id text,
  capability text,
  code text,
  details jsonb,
  created_at timestamptz DEFAULT now() NOT NULL
);

CREATE TABLE agent_grant (
  id text PRIMARY KEY NOT NULL,
  agent_id text NOT NULL,
  approval_id text,
  capability text NOT NULL,
  status text NOT NULL,
  "constraints" jsonb,
  expires_at timestamptz,
  max_uses integer,
  uses_left integer,
  budget_field text,
  budget_limit bigint,
  budget_left bigint,
  reason text,
  granted_by text,
  denied_by text,
  created_at timestamptz DEFAULT now() NOT NULL,
  updated_at timestamptz DEFAULT now() NOT NULL
);

CREATE TABLE agent_host (
  id text PRIMARY KEY NOT NULL,
  name text,
  thumbprint text NOT NULL,
  public_key jsonb NOT NULL,
  jwks_url text,
  previous_thumbprint text,
  previous_until timestamptz,
  user_id text,
  status text NOT NULL,
  default_capabilities jsonb NOT NULL,
  activated_at timestamptz,
  last_used_at timestamptz,
  created_at timestamptz DEFAULT now() NOT NULL,
  updated_at timestamptz DEFAULT now() NOT NULL,
  CONSTRAINT agent_host_thumbprint_unique UNIQUE(thumbprint),
  CONSTRAINT agent_host_jwks_url_unique UNIQUE(jwks_url)
);

CREATE TABLE agent_job (
  id text PRIMARY KEY NOT NULL,
  agent_id text NOT NULL,
  capability text NOT NULL,
  status text NOT NULL,
  result jsonb,
  error jsonb,
  alive_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  created_at timestamptz DEFAULT now() NOT NULL,
  updated_at timestamptz DEFAULT now() NOT NULL
);

CREATE UNLOGGED TABLE agent_jwt_id (
  id text PRIMARY KEY NOT NULL,
  expires_at timestamptz NOT NULL
);

CREATE TABLE agent_provider (
  id text PRIMARY KEY NOT NULL,
  issuer text NOT NULL,
  name text NOT NULL,
  description text NOT NULL,
  document jsonb NOT NULL,
  capabilities jsonb NOT NULL,
  status text NOT NULL,
  problem text,
  submitted_by text,
  verified_at timestamptz,
  checked_at timestamptz NOT NULL,
  created_at timestamptz DEFAULT now() NOT NULL,
  updated_at timestamptz DEFAULT now() NOT NULL,
  CONSTRAINT agent_provider_issuer_unique UNIQUE(issuer)
);

CREATE UNLOGGED TABLE agent_rate (
  id text PRIMARY KEY NOT NULL,
  points integer NOT NULL,
  expires_at timestamptz NOT NULL
);

CREATE TABLE apikey (
  id text PRIMARY KEY NOT NULL,
  config_id text DEFAULT 'default' NOT NULL,
  name text,
  "start" text,
  reference_id text NOT NULL,
  prefix text,
  last_four text,
  "key" text NOT NULL,
  refill_interval bigint,
  refill_amount bigint,
  last_refill_at timestamptz,
  enabled boolean DEFAULT true,
  rate_limit_enabled boolean DEFAULT true,
  rate_limit_time_window bigint,
  rate_limit_max bigint,
  request_count bigint DEFAULT 0,
  window_start bigint,
  remaining bigint,
  last_request timestamptz,
  expires_at timestamptz,
  replaced_at timestamptz,
  created_at timestamptz DEFAULT now() NOT NULL,
  updated_at timestamptz DEFAULT now() NOT NULL,
  permissions text,
  metadata text
);

CREATE TABLE invitation (
  id text PRIMARY KEY NOT NULL,
  organization_id text NOT NULL,
  email text NOT NULL,
  role text,
  team_id text,
  status text DEFAULT 'pending' NOT NULL,
  expires_at timestamptz NOT NULL,
  created_at timestamptz DEFAULT now() NOT NULL,
  inviter_id text NOT NULL
);

CREATE TABLE jwks (
  id text PRIMARY KEY NOT NULL,
  public_key text NOT NULL,
  private_key text NOT NULL,
  created_at timestamptz DEFAULT now() NOT NULL,
  expires_at timestamptz,
  alg text,
  crv text
);

CREATE TABLE member (
  id text PRIMARY KEY NOT NULL,
  organization_id text NOT NULL,
  user_id text NOT NULL,
  role text DEFAULT 'member' NOT NULL,
  created_at timestamptz DEFAULT now() NOT NULL
);

CREATE TABLE organization (
  id text PRIMARY KEY NOT NULL,
  name text NOT NULL,
  slug text NOT NULL,
  logo text,
  created_at timestamptz DEFAULT now() NOT NULL,
  metadata text,
  CONSTRAINT organization_slug_unique UNIQUE(slug)
);

CREATE TABLE passkey (
  id text PRIMARY KEY NOT NULL,
  name text,
  public_key text NOT NULL,
  user_id text NOT NULL,
  credential_id text NOT NULL,
  counter bigint NOT NULL,
  device_type text NOT NULL,
  backed_up boolean NOT NULL,
  transports text,
  created_at timestamptz DEFAULT now(),
  aaguid text
);

CREATE UNLOGGED TABLE rate_limit (
  id text PRIMARY KEY NOT NULL,
  "key" text NOT NULL,
  count integer NOT NULL,
  last_request bigint NOT NULL,
  CONSTRAINT rate_limit_key_unique UNIQUE("key")
);

CREATE TABLE service_account (
  id text PRIMARY KEY NOT NULL,
  name text NOT NULL,
  organization_id text,
  created_at timestamptz DEFAULT now() NOT NULL,
  updated_at timestamptz DEFAULT now() NOT NULL
);

CREATE TABLE session (
  id text PRIMARY KEY NOT NULL,
  expires_at timestamptz NOT NULL,
  token text NOT NULL,
  created_at timestamptz DEFAULT now() NOT NULL,
  updated_at timestamptz DEFAULT now() NOT NULL,
  ip_address text,
  user_agent text,
  user_id text NOT NULL,
  active_organization_id text,
  active_team_id text,
  CONSTRAINT session_token_unique UNIQUE(token)
);

CREATE TABLE team (
  id text PRIMARY KEY NOT NULL,
  name text NOT NULL,
  member_count integer DEFAULT 0 NOT NULL,
  organization_id text NOT NULL,
  created_at timestamptz DEFAULT now() NOT NULL,
  updated_at timestamptz
);

CREATE TABLE team_member (
  id text PRIMARY KEY NOT NULL,
  team_id text NOT NULL,
  user_id text NOT NULL,
  membership_key text,
  created_at timestamptz DEFAULT now(),
  CONSTRAINT team_member_membership_key_unique UNIQUE(membership_key)
);

CREATE TABLE two_factor (
  id text PRIMARY KEY NOT NULL,
  secret text NOT NULL,
  backup_codes text NOT NULL,
  user_id text NOT NULL,
  verified boolean DEFAULT true,
  failed_verification_count integer DEFAULT 0,
  locked_until timestamptz
);

CREATE TABLE "user" (
  id text PRIMARY KEY NOT NULL,
  name text NOT NULL,
  email text NOT NULL,
  email_verified boolean DEFAULT false NOT NULL,
  image text,
  created_at timestamptz DEFAULT now() NOT NULL,
  updated_at timestamptz DEFAULT now() NOT NULL,
  two_factor_enabled boolean DEFAULT false,
  CONSTRAINT user_email_unique UNIQUE(email)
);

CREATE TABLE verification (
  id text PRIMARY KEY NOT NULL,
  identifier text NOT NULL,
  value text NOT NULL,
  expires_at timestamptz NOT NULL,
  created_at timestamptz DEFAULT now() NOT NULL,
  updated_at timestamptz DEFAULT now() NOT NULL
);
ALTER TABLE account ADD CONSTRAINT account_user_id_user_id_fk FOREIGN KEY (user_id) REFERENCES "user"(id) ON DELETE CASCADE;
ALTER TABLE agent ADD CONSTRAINT agent_host_id_agent_host_id_fk FOREIGN KEY (host_id) REFERENCES agent_host(id) ON DELETE CASCADE;
ALTER TABLE agent ADD CONSTRAINT agent_user_id_user_id_fk FOREIGN KEY (user_id) REFERENCES "user"(id) ON DELETE CASCADE;
ALTER TABLE agent_approval ADD CONSTRAINT agent_approval_agent_id_agent_id_fk FOREIGN KEY (agent_id) REFERENCES agent(id) ON DELETE CASCADE;
ALTER TABLE agent_approval ADD CONSTRAINT agent_approval_host_id_agent_host_id_fk FOREIGN KEY (host_id) REFERENCES agent_host(id) ON DELETE CASCADE;
ALTER TABLE agent_approval ADD CONSTRAINT agent_approval_opened_by_user_id_fk FOREIGN KEY (opened_by) REFERENCES "user"(id) ON DELETE CASCADE;
ALTER TABLE agent_enrollment ADD CONSTRAINT agent_enrollment_user_id_user_id_fk FOREIGN KEY (user_id) REFERENCES "user"(id) ON DELETE CASCADE;
ALTER TABLE agent_grant ADD CONSTRAINT agent_grant_agent_id_agent_id_fk FOREIGN KEY (agent_id) REFERENCES agent(id) ON DELETE CASCADE;
ALTER TABLE agent_job ADD CONSTRAINT agent_job_agent_id_agent_id_fk FOREIGN KEY (agent_id) REFERENCES agent(id) ON DELETE CASCADE;
ALTER TABLE agent_host ADD CONSTRAINT agent_host_user_id_user_id_fk FOREIGN KEY (user_id) REFERENCES "user"(id) ON DELETE CASCADE;
ALTER TABLE invitation ADD CONSTRAINT invitation_organization_id_organization_id_fk FOREIGN KEY (organization_id) REFERENCES organization(id) ON DELETE CASCADE;
ALTER TABLE invitation ADD CONSTRAINT invitation_inviter_id_user_id_fk FOREIGN KEY (inviter_id) REFERENCES "user"(id) ON DELETE CASCADE;
ALTER TABLE member ADD CONSTRAINT member_organization_id_organization_id_fk FOREIGN KEY (organization_id) REFERENCES organization(id) ON DELETE CASCADE;
ALTER TABLE member ADD CONSTRAINT member_user_id_user_id_fk FOREIGN KEY (user_id) REFERENCES "user"(id) ON DELETE CASCADE;
ALTER TABLE passkey ADD CONSTRAINT passkey_user_id_user_id_fk FOREIGN KEY (user_id) REFERENCES "user"(id) ON DELETE CASCADE;
ALTER TABLE two_factor ADD CONSTRAINT two_factor_user_id_user_id_fk FOREIGN KEY (user_id) REFERENCES "user"(id) ON DELETE CASCADE;
ALTER TABLE service_account ADD CONSTRAINT service_account_organization_id_organization_id_fk FOREIGN KEY (organization_id) REFERENCES organization(id) ON DELETE CASCADE;
ALTER TABLE session ADD CONSTRAINT session_user_id_user_id_fk FOREIGN KEY (user_id) REFERENCES "user"(id) ON DELETE CASCADE;
ALTER TABLE team ADD CONSTRAINT team_organization_id_organization_id_fk FOREIGN KEY (organization_id) REFERENCES organization(id) ON DELETE CASCADE;
ALTER TABLE team_member ADD CONSTRAINT team_member_team_id_team_id_fk FOREIGN KEY (team_id) REFERENCES team(id) ON DELETE CASCADE;
ALTER TABLE team_member ADD CONSTRAINT team_member_user_id_user_id_fk FOREIGN KEY (user_id) REFERENCES "user"(id) ON DELETE CASCADE;
CREATE INDEX account_user_id ON account (user_id);
CREATE UNIQUE INDEX account_provider_account ON account (provider_id,account_id);
CREATE INDEX agent_host_id ON agent (host_id);
CREATE INDEX agent_user_id ON agent (user_id);
CREATE INDEX agent_approval_agent_id ON agent_approval (agent_id);
CREATE INDEX agent_approval_host_id ON agent_approval (host_id);
CREATE INDEX agent_approval_opened_by ON agent_approval (opened_by);
CREATE INDEX agent_enrollment_user_id ON agent_enrollment (user_id);
CREATE INDEX agent_enrollment_expires_at ON agent_enrollment (expires_at);
CREATE INDEX agent_event_agent ON agent_event (agent_id,id);
CREATE INDEX agent_event_user ON agent_event (user_id,created_at);
CREATE INDEX agent_grant_agent_id ON agent_grant (agent_id);
CREATE INDEX agent_grant_approval_id ON agent_grant (approval_id);
CREATE INDEX agent_host_previous_thumbprint ON agent_host (previous_thumbprint);
CREATE INDEX agent_job_agent_id ON agent_job (agent_id);
CREATE INDEX agent_job_expires_at ON agent_job (expires_at);
CREATE INDEX agent_provider_checked_at ON agent_provider (checked_at);
CREATE INDEX agent_rate_expires_at ON agent_rate (expires_at);
CREATE INDEX agent_host_user_id ON agent_host (user_id);
CREATE INDEX agent_jwt_id_expires_at ON agent_jwt_id (expires_at);
CREATE INDEX apikey_config_id ON apikey (config_id);
CREATE INDEX apikey_reference_id ON apikey (reference_id);
CREATE UNIQUE INDEX apikey_key ON apikey ("key");
CREATE INDEX invitation_organization_id ON invitation (organization_id);
CREATE INDEX invitation_email ON invitation (email);
CREATE INDEX invitation_inviter_id ON invitation (inviter_id);
CREATE UNIQUE INDEX member_organization_user ON member (organization_id,user_id);
CREATE INDEX member_user_id ON member (user_id);
CREATE INDEX passkey_user_id ON passkey (user_id);
CREATE INDEX two_factor_secret ON two_factor (secret);
CREATE INDEX two_factor_user_id ON two_factor (user_id);
CREATE UNIQUE INDEX passkey_credential_id ON passkey (credential_id);
CREATE INDEX service_account_organization_id ON service_account (organization_id);
CREATE INDEX session_user_id ON session (user_id);
CREATE INDEX team_organization_id ON team (organization_id);
CREATE INDEX team_member_team_id ON team_member (team_id);
CREATE INDEX team_member_user_id ON team_member (user_id);
CREATE INDEX verification_identifier ON verification (identifier);

-- Who remembers agents is told, in the moment of the commit, what has changed about them.
CREATE FUNCTION countersign_tell_agent() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_notify('countersign_lookup', 'agent ' || OLD.id); RETURN NULL; END $$;
CREATE FUNCTION countersign_tell_host() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_notify('countersign_lookup', 'host ' || OLD.id); RETURN NULL; END $$;
CREATE FUNCTION countersign_tell_grant() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_notify('countersign_lookup', 'agent ' || OLD.agent_id); RETURN NULL; END $$;
CREATE FUNCTION countersign_tell_new_grant() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_notify('countersign_lookup', 'agent ' || NEW.agent_id); RETURN NULL; END $$;
CREATE TRIGGER agent_changed AFTER DELETE OR UPDATE OF status, user_id, host_id, mode, public_key, jwks_url, key_id, paused_at, activated_at, created_at ON agent FOR EACH ROW EXECUTE FUNCTION countersign_tell_agent();
CREATE TRIGGER agent_host_changed AFTER DELETE OR UPDATE OF status, user_id, thumbprint, public_key, jwks_url, previous_thumbprint, previous_until, default_capabilities ON agent_host FOR EACH ROW EXECUTE FUNCTION countersign_tell_host();
CREATE TRIGGER agent_grant_added AFTER INSERT ON agent_grant FOR EACH ROW WHEN (NEW.status = 'active') EXECUTE FUNCTION countersign_tell_new_grant();
CREATE TRIGGER agent_grant_changed AFTER DELETE OR UPDATE OF status, constraints, expires_at ON agent_grant FOR EACH ROW EXECUTE FUNCTION countersign_tell_grant();

-- Who remembers sessions is told what has changed about them and their people.
CREATE FUNCTION countersign_tell_session() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_notify('countersign_lookup', 'session ' || OLD.token); RETURN NULL; END $$;
CREATE FUNCTION countersign_tell_user() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_notify('countersign_lookup', 'user ' || OLD.id); RETURN NULL; END $$;
CREATE TRIGGER session_changed AFTER DELETE OR UPDATE ON session FOR EACH ROW EXECUTE FUNCTION countersign_tell_session();
CREATE TRIGGER user_changed AFTER DELETE OR UPDATE ON "user" FOR EACH ROW EXECUTE FUNCTION countersign_tell_user();

-- Who remembers memberships and signing keys is told what has changed about them.
CREATE FUNCTION countersign_tell_member() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_notify('countersign_lookup', 'member ' || OLD.user_id || ' ' || OLD.organization_id); RETURN NULL; END $$;
CREATE FUNCTION countersign_tell_keys() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_notify('countersign_lookup', 'jwks all'); RETURN NULL; END $$;
CREATE TRIGGER member_changed AFTER DELETE OR UPDATE ON member FOR EACH ROW EXECUTE FUNCTION countersign_tell_member();
CREATE TRIGGER jwks_changed AFTER INSERT OR DELETE OR UPDATE ON jwks FOR EACH STATEMENT EXECUTE FUNCTION countersign_tell_keys();

-- Keys end with their owner. Who remembers keys is told what has changed about them; uses and times of use are not.
CREATE FUNCTION countersign_tell_api_key() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_notify('countersign_lookup', 'apikey ' || OLD.key); RETURN NULL; END $$;
CREATE FUNCTION countersign_drop_api_keys() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM apikey WHERE config_id = TG_ARGV[0] AND reference_id = OLD.id; RETURN NULL; END $$;
CREATE TRIGGER apikey_deleted AFTER DELETE ON apikey FOR EACH ROW EXECUTE FUNCTION countersign_tell_api_key();
CREATE TRIGGER apikey_changed AFTER UPDATE ON apikey FOR EACH ROW WHEN (ROW(OLD.key, OLD.config_id, OLD.reference_id, OLD.enabled, OLD.expires_at, OLD.permissions, OLD.rate_limit_enabled, OLD.rate_limit_max, OLD.rate_limit_time_window, OLD.remaining IS NULL) IS DISTINCT FROM ROW(NEW.key, NEW.config_id, NEW.reference_id, NEW.enabled, NEW.expires_at, NEW.permissions, NEW.rate_limit_enabled, NEW.rate_limit_max, NEW.rate_limit_time_window, NEW.remaining IS NULL)) EXECUTE FUNCTION countersign_tell_api_key();
CREATE TRIGGER user_drops_api_keys AFTER DELETE ON "user" FOR EACH ROW EXECUTE FUNCTION countersign_drop_api_keys('default');
CREATE TRIGGER organization_drops_api_keys AFTER DELETE ON organization FOR EACH ROW EXECUTE FUNCTION countersign_drop_api_keys('organization');
CREATE TRIGGER service_account_drops_api_keys AFTER DELETE ON service_account FOR EACH ROW EXECUTE FUNCTION countersign_drop_api_keys('service');

-- An organization has an owner, unless that person's account is deleted. Checked at the commit, one after the other: of two owners who leave together the second sees that the first has left.
CREATE FUNCTION countersign_keep_owner() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NOT 'owner' = ANY (string_to_array(OLD.role, ',')) THEN RETURN NULL; END IF; PERFORM 1 FROM organization WHERE id = OLD.organization_id FOR NO KEY UPDATE; IF NOT FOUND OR NOT EXISTS (SELECT 1 FROM "user" WHERE id = OLD.user_id) THEN RETURN NULL; END IF; IF NOT EXISTS (SELECT 1 FROM member WHERE organization_id = OLD.organization_id AND 'owner' = ANY (string_to_array(role, ','))) THEN RAISE EXCEPTION 'The organization needs an owner.' USING ERRCODE = 'check_violation', CONSTRAINT = 'member_last_owner'; END IF; RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER member_keeps_owner AFTER DELETE OR UPDATE OF role ON member DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION countersign_keep_owner();

-- What became of an invitation stays: it is accepted once. Only the claim of an acceptance that failed is given back.
CREATE FUNCTION countersign_keep_outcome() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF OLD.status = 'pending' THEN RETURN NEW; END IF; IF OLD.status = 'accepted' AND NEW.status = 'pending' AND NOT EXISTS (SELECT 1 FROM member JOIN "user" ON "user".id = member.user_id WHERE member.organization_id = OLD.organization_id AND lower("user".email) = lower(OLD.email)) THEN RETURN NEW; END IF; RETURN NULL; END $$;
CREATE TRIGGER invitation_keeps_outcome BEFORE UPDATE OF status ON invitation FOR EACH ROW EXECUTE FUNCTION countersign_keep_outcome();
`,
  // A process that is killed empties unlogged tables. On a server that takes a crash of the whole
  // database; embedded it takes a crash of this process, and used JWTs must survive that.
  embedded: `
ALTER TABLE agent_jwt_id SET LOGGED;
ALTER TABLE agent_rate SET LOGGED;
`,
}
