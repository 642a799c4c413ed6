#include "sluice/flows/graph.hpp"

namespace sluice::flows {

namespace {

// The shape alone; what a config may hold is said by the node type, what an expression may name by the compiler.
constexpr std::string_view schema_text = R"json({
  "title": "Flow document",
  "type": "object",
  "additionalProperties": false,
  "required": ["name", "nodes"],
  "properties": {
    "name": {"type": "string", "minLength": 1, "maxLength": 100, "pattern": "^[A-Za-z0-9][A-Za-z0-9._ -]*$",
             "description": "Unique in the workspace; what apply and flow/<name> go by."},
    "project": {"type": "string", "minLength": 1, "maxLength": 100, "default": "default"},
    "description": {"type": "string", "maxLength": 10000},
    "input_schema": {"type": "object", "description": "JSON Schema (draft 7) that a run's input must match."},
    "vars": {"type": "object", "description": "The flow's constants, in expressions as vars.<name>."},
    "nodes": {"type": "array", "minItems": 1, "maxItems": 10000, "items": {"$ref": "#/definitions/node"}},
    "edges": {"type": "array", "maxItems": 50000, "items": {"$ref": "#/definitions/edge"}},
    "ui": {"type": "object", "description": "What an editor keeps beside the graph: groups, comments, what is folded. Any members, up to 256 KiB; runs do not see it."},
    "output": {"description": "Template of the run's output; without it, the map of the leaf nodes' outputs."},
    "settings": {
      "type": "object", "additionalProperties": false,
      "properties": {
        "durability": {"enum": ["strict", "relaxed", "none"], "default": "strict"},
        "timeout": {"$ref": "#/definitions/duration", "description": "Of the whole run."},
        "max_attempts": {"type": "integer", "minimum": 1, "maximum": 1000000,
                         "description": "Attempts of all steps of a run together; beyond it a failing step is not tried again."},
        "priority": {"type": "integer", "minimum": 1, "maximum": 5, "default": 3, "description": "1 is admitted first, 5 last."},
        "concurrency": {
          "type": "object", "additionalProperties": false, "required": ["limit"],
          "properties": {
            "limit": {"type": "integer", "minimum": 1, "maximum": 100000, "description": "Runs at once; the others are queued."},
            "key": {"type": "string", "description": "A template over input and vars; the limit counts for each of its values."}
          }
        },
        "error_flow": {"type": "string", "minLength": 1, "maxLength": 100,
                       "description": "The flow started with {run, flow, error} when a run fails or times out."},
        "retention": {
          "type": "object", "additionalProperties": false,
          "properties": {
            "succeeded": {"$ref": "#/definitions/duration", "description": "How long succeeded and cancelled runs are kept; \"0s\": for ever."},
            "failed": {"$ref": "#/definitions/duration", "description": "How long failed and timed out runs are kept; \"0s\": for ever."}
          }
        },
        "record": {"type": "boolean", "default": true,
                   "description": "Keep the whole output of steps with effects, so that a run can be replayed offline."}
      }
    }
  },
  "definitions": {
    "duration": {"type": "string", "pattern": "^([0-9]+(\\.[0-9]+)?(us|ms|s|m|h|d))+$", "examples": ["30s", "5m", "1h30m"]},
    "id": {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_-]{0,63}$"},
    "node": {
      "type": "object", "additionalProperties": false,
      "required": ["id", "type"],
      "properties": {
        "id": {"$ref": "#/definitions/id"},
        "type": {"type": "string", "description": "The name of a node type; GET /api/v1/node-types lists them."},
        "name": {"type": "string", "description": "For people."},
        "description": {"type": "string"},
        "notes": {"type": "string"},
        "config": {"type": "object", "description": "What the node type's schema says. Strings may hold {{ expressions }}."},
        "retry": {
          "type": "object", "additionalProperties": false,
          "properties": {
            "max_attempts": {"type": "integer", "minimum": 1, "maximum": 100, "default": 1},
            "backoff": {"$ref": "#/definitions/duration", "default": "1s"},
            "factor": {"type": "number", "minimum": 1, "maximum": 100, "default": 2},
            "max_backoff": {"$ref": "#/definitions/duration", "default": "5m"},
            "jitter": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.1},
            "max_elapsed": {"$ref": "#/definitions/duration", "description": "No attempt begins later than this after the first one."},
            "retry_if": {"type": "string", "description": "A CEL expression over error and attempt: true when the step is tried again."}
          }
        },
        "timeout": {"$ref": "#/definitions/duration", "description": "Of one attempt; of the whole step for containers and waits."},
        "on_error": {"enum": ["fail", "continue", "route"], "default": "fail"},
        "join": {
          "default": "all",
          "anyOf": [
            {"enum": ["all", "any", "first"]},
            {"type": "object", "additionalProperties": false, "required": ["n"],
             "properties": {"n": {"type": "integer", "minimum": 1}}}
          ]
        },
        "on_unknown": {"enum": ["retry", "stop"], "description": "Default: stop for node types of effect unsafe, else retry."},
        "position": {
          "type": "object", "additionalProperties": false,
          "properties": {"x": {"type": "number"}, "y": {"type": "number"}}
        }
      }
    },
    "edge": {
      "type": "object", "additionalProperties": false,
      "required": ["from", "to"],
      "properties": {
        "from": {"$ref": "#/definitions/id"},
        "to": {"$ref": "#/definitions/id"},
        "on": {"enum": ["success", "error", "rollback"], "default": "success"},
        "from_port": {"type": "string"},
        "condition": {"type": "string", "description": "A CEL expression; the edge is taken when it is true."}
      }
    }
  }
})json";

}  // namespace

const Json& flow_document_schema() {
    static const Json schema = Json::parse(schema_text);
    return schema;
}

}  // namespace sluice::flows
