-- SPDX-License-Identifier: Apache-2.0
-- The health of every kind of hallmark.dev, from the conditions that they share.
local status = obj.status or {}
local conditions = {}
for _, condition in ipairs(status.conditions or {}) do
  conditions[condition.type] = condition
end

local function is_true(type)
  return conditions[type] ~= nil and conditions[type].status == "True"
end

local ready = conditions["Ready"]
if ready == nil or status.observedGeneration ~= obj.metadata.generation then
  return { status = "Progressing", message = "Hallmark has not looked at this version yet" }
end

local health = "Progressing"
if is_true("Stalled") then
  health = "Degraded"
elseif is_true("Ready") and ready.reason == "Suspended" then
  health = "Suspended"
elseif is_true("Ready") then
  health = "Healthy"
end
return { status = health, message = ready.reason .. ": " .. ready.message }
