-- Schema version 9: what is known of the end of a leaver's access. The conventions
-- are those of version 1.

-- JSON: due, last_active, first_inactive, ended_by_us, each where it is known.
ALTER TABLE terminations ADD COLUMN access TEXT NOT NULL DEFAULT '{}';

-- What older nights left of it. Whenever a plan wanted to deactivate an account, its
-- users report showed the account active, unless the plan reactivated it itself.
-- Seconds are enough: they are cut off, so that nobody is called active for longer.
CREATE TEMP TABLE planned_ends AS
    SELECT
        action.value ->> '$.subject.termination' AS termination_id,
        strftime('%Y-%m-%dT%H:%M:%SZ', action.value ->> '$.due') AS due,
        strftime('%Y-%m-%dT%H:%M:%SZ', (
            SELECT max(input.value ->> '$.made_at')
            FROM json_each(plan.document, '$.inputs') AS input
            WHERE input.value ->> '$.role' = 'users')) AS seen_at,
        coalesce(outcomes.outcome = 'already_done', 0) AS by_others
    FROM (
        SELECT plan_id, CASE WHEN json_valid(document) THEN document ELSE '{}' END AS document
        FROM plans WHERE accepted_at IS NOT NULL) AS plan
    JOIN json_each(plan.document, '$.actions') AS action
    LEFT JOIN outcomes
        ON outcomes.plan_id = plan.plan_id AND outcomes.action_id = action.value ->> '$.id'
    WHERE action.value ->> '$.kind' = 'deactivate'
        AND NOT EXISTS (
            SELECT 1 FROM json_each(plan.document, '$.actions') AS other
            WHERE other.value ->> '$.kind' = 'reactivate'
                AND other.value ->> '$.subject.termination'
                    = action.value ->> '$.subject.termination');
CREATE INDEX temp.planned_ends_of ON planned_ends (termination_id);

-- A verified deactivation was ours, unless it was found done. What a report showed
-- first, and what was found done, was others' doing. A patch leaves out what is null.
UPDATE terminations SET access = json_patch('{}', (
    SELECT json_object(
        'due', max(ends.due),
        'last_active', max(ends.seen_at) FILTER (
            WHERE terminations.deactivated_at IS NULL
                OR ends.seen_at < terminations.deactivated_at),
        'first_inactive', CASE WHEN ours.at IS NULL OR max(ends.by_others) THEN
            terminations.deactivated_at END,
        'ended_by_us', CASE WHEN NOT coalesce(max(ends.by_others), 0) THEN ours.at END)
    FROM (SELECT 1)
    LEFT JOIN planned_ends AS ends ON ends.termination_id = terminations.termination_id
    LEFT JOIN recent_people AS ours
        ON ours.termination_id = terminations.termination_id AND ours.change = 'deactivated'));
DROP TABLE planned_ends;
