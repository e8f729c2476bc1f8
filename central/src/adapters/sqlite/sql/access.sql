-- name: create_api_key
INSERT INTO api_key (tenant, key, name, scopes, store, token_hash, created_at, revoked_at)
VALUES (:tenant, :key, :name, :scopes, :store, :token_hash, :created_at, :revoked_at)

-- name: api_key
SELECT tenant, key, name, scopes, store, created_at, revoked_at
FROM api_key WHERE token_hash = ?1 AND revoked_at IS NULL

-- name: api_keys
SELECT tenant, key, name, scopes, store, created_at, revoked_at
FROM api_key WHERE tenant = ?1 ORDER BY created_at, key

-- name: revoke_api_key
UPDATE api_key SET revoked_at = :revoked_at
WHERE tenant = :tenant AND key = :key AND revoked_at IS NULL

-- name: offer_enrolment
INSERT INTO enrolment (code_hash, tenant, store, until)
VALUES (:code_hash, :tenant, :store, :until)

-- name: use_code
UPDATE enrolment SET used_at = :now
WHERE code_hash = :code_hash AND used_at IS NULL AND until > :now AND until <= :at_most
RETURNING tenant, store

-- name: replicas_of_store
SELECT replica FROM replica WHERE tenant = ?1 AND store = ?2 ORDER BY enrolled_at, length(replica), replica

-- name: add_replica
INSERT INTO replica (tenant, store, replica, secret_hash, box_name, enrolled_at)
VALUES (:tenant, :store, :replica, :secret_hash, :box_name, :enrolled_at)

-- name: replica_by_secret
SELECT tenant, store, replica FROM replica WHERE secret_hash = ?1

-- name: order_token_key
SELECT secret FROM order_token_key WHERE tenant = ?1

-- name: make_order_token_key
INSERT INTO order_token_key (tenant, secret) VALUES (:tenant, :secret) ON CONFLICT DO NOTHING
