import DistillOptions

/// A validator of the part of JSON Schema that our schemas use. A schema is JSON, and so it is YAML as well: both sides
/// are nodes. An unknown keyword is a mistake, not a remark.
struct SchemaCheck {
  let root: Node

  func accepts(_ value: Node) throws -> Bool { try accepts(value, root) }

  private func accepts(_ value: Node, _ schema: Node) throws -> Bool {
    if case .boolean(let flag) = schema.scalar?.meaning { return flag }
    for keyword in schema.entries ?? [] where try !holds(keyword.key, keyword.value, value, schema) { return false }
    return true
  }

  private func holds(_ keyword: String, _ rule: Node, _ value: Node, _ schema: Node) throws -> Bool {
    let number = Self.types(of: value).contains("number") ? value.scalar.flatMap { Double($0.text) } : nil
    let bound = rule.scalar.flatMap { Double($0.text) } ?? 0
    switch keyword {
    case "$schema", "$defs", "title", "description", "default", "then", "else": return true
    case "$ref":
      let target = (rule.scalar?.text ?? "").split(separator: "/").dropFirst().reduce(Optional(root)) {
        $0?[String($1)]
      }
      guard let target else { throw SchemaMistake("no \(rule.scalar?.text ?? "")") }
      return try accepts(value, target)
    case "type":
      let names = (rule.items ?? [rule]).compactMap(\.scalar?.text)
      return !Self.types(of: value).isDisjoint(with: names)
    case "minimum": return number.map { $0 >= bound } ?? true
    case "maximum": return number.map { $0 <= bound } ?? true
    case "exclusiveMinimum": return number.map { $0 > bound } ?? true
    case "exclusiveMaximum": return number.map { $0 < bound } ?? true
    case "pattern":
      guard Self.types(of: value) == ["string"], let text = value.scalar?.text else { return true }
      return text.contains(try Regex(rule.scalar?.text ?? ""))
    case "const": return value.scalar?.text == rule.scalar?.text
    case "enum": return rule.items?.contains { $0.scalar?.text == value.scalar?.text } ?? false
    case "items": return try value.items?.allSatisfy { try accepts($0, rule) } ?? true
    case "required":
      return value.entries == nil || rule.items?.allSatisfy { value[$0.scalar?.text ?? ""] != nil } ?? false
    case "properties":
      return try value.entries?.allSatisfy { try rule[$0.key].map(accepts($0.value)) ?? true } ?? true
    case "additionalProperties":
      return value.entries?.allSatisfy { schema["properties"]?[$0.key] != nil } ?? true
    case "anyOf": return try rule.items?.contains { try accepts(value, $0) } ?? false
    case "allOf": return try rule.items?.allSatisfy { try accepts(value, $0) } ?? false
    case "if":
      let branch = try accepts(value, rule) ? schema["then"] : schema["else"]
      return try branch.map { try accepts(value, $0) } ?? true
    default: throw SchemaMistake("the keyword \(keyword) is not known")
    }
  }

  private func accepts(_ value: Node) -> (Node) throws -> Bool { { try accepts(value, $0) } }

  private static func types(of value: Node) -> Set<String> {
    switch value.content {
    case .unknown: []
    case .sequence: ["array"]
    case .mapping: ["object"]
    case .scalar(let scalar):
      switch scalar.meaning {
      case .null: ["null"]
      case .boolean: ["boolean"]
      case .integer: ["integer", "number"]
      case .real: ["number"]
      default: ["string"]
      }
    }
  }
}

struct SchemaMistake: Error {
  let description: String
  init(_ description: String) { self.description = description }
}
