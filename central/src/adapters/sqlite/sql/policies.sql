-- name: draft_policy
INSERT INTO policy_version (tenant, version, state, text, canonical, hash, author, reason, created_at)
VALUES (:tenant, :version, 'draft', :text, :canonical, :hash, :author, :reason, :now)

-- name: newest_version
SELECT version FROM policy_version WHERE tenant = ?1 AND version >= 0 ORDER BY version DESC LIMIT 1

-- name: policy
SELECT version, state, text, canonical, hash, author, reason, created_at, approved_by, approved_at, effective_at,
    activated_at, retired_at
FROM policy_version WHERE tenant = ?1 AND version = ?2

-- name: policies
SELECT version, state, hash, author, reason, created_at, approved_by, approved_at, effective_at, activated_at,
    retired_at
FROM policy_version WHERE tenant = :tenant AND version < :below ORDER BY version DESC LIMIT :rows

-- name: policies_in_force
SELECT tenant, version, canonical FROM policy_version WHERE state = 'active' ORDER BY tenant

-- name: active_version
SELECT version FROM policy_version WHERE tenant = ?1 AND state = 'active'

-- name: retire_policy
UPDATE policy_version SET state = 'retired', retired_at = :now
WHERE tenant = :tenant AND version = :version AND state = 'active'

-- name: approve_policy
UPDATE policy_version SET state = 'approved', approved_by = :actor, approved_at = :now
WHERE tenant = :tenant AND version = :version AND state = :was

-- name: schedule_policy
UPDATE policy_version SET effective_at = :effective_at, scheduled_by = :actor, scheduled_reason = :reason
WHERE tenant = :tenant AND version = :version AND state = :was

-- name: activate_policy
UPDATE policy_version SET state = 'active', activated_at = :now, retired_at = NULL, effective_at = NULL
WHERE tenant = :tenant AND version = :version AND state = :was

-- name: withdraw_policy
UPDATE policy_version SET state = 'withdrawn', effective_at = NULL
WHERE tenant = :tenant AND version = :version AND state = :was

-- name: due_policies
SELECT tenant, version, scheduled_by, scheduled_reason FROM policy_version
WHERE state = 'approved' AND effective_at IS NOT NULL AND effective_at <= ?1
ORDER BY effective_at, tenant, version LIMIT ?2

-- name: note_policy
INSERT INTO policy_event (tenant, version, at, actor, act, reason)
VALUES (:tenant, :version, :now, :actor, :act, :reason)

-- name: policy_history
SELECT sequence, version, at, actor, act, reason FROM policy_event
WHERE tenant = :tenant AND sequence < :below ORDER BY sequence DESC LIMIT :rows

-- name: policy_freeze
SELECT by, reason, since, until FROM policy_freeze WHERE tenant = ?1

-- name: freeze_policies
INSERT INTO policy_freeze (tenant, by, reason, since, until) VALUES (:tenant, :by, :reason, :since, :until)
ON CONFLICT (tenant) DO UPDATE SET
    by = excluded.by, reason = excluded.reason, since = excluded.since, until = excluded.until
WHERE until <= excluded.until OR until <= excluded.since

-- name: thaw_policies
DELETE FROM policy_freeze WHERE tenant = ?1 AND until > ?2

-- name: sku_classes
SELECT DISTINCT class FROM catalogue WHERE tenant = ?1 AND class IS NOT NULL LIMIT ?2
