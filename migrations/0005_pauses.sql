-- Somebody asked for a running run to be paused; its worker stops at the next step. Cleared when it
-- has, or when the run is resumed before.

ALTER TABLE runs ADD COLUMN pause_requested INTEGER NOT NULL DEFAULT 0;
