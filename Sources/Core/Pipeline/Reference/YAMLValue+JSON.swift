import DistillCore

extension YAMLValue {
  /// Returns the value as JSON, indented by two spaces for each level. Members keep their order, and a list without nested
  /// values is written on one line.
  func json(indent: String = "") -> String {
    let inner = indent + "  "
    switch self {
    case .null, .boolean, .number: return flow
    case .text(let text): return JSON.quoted(text)
    case .list(let items) where items.contains(where: \.isNested):
      return "[\n" + items.map { inner + $0.json(indent: inner) }.joined(separator: ",\n") + "\n\(indent)]"
    case .list(let items): return "[" + items.map { $0.json(indent: inner) }.joined(separator: ", ") + "]"
    case .mapping(let entries) where entries.isEmpty: return "{}"
    case .mapping(let entries):
      let members = entries.map { "\(inner)\(JSON.quoted($0.key)): \($0.value.json(indent: inner))" }
      return "{\n" + members.joined(separator: ",\n") + "\n\(indent)}"
    }
  }

  private var isNested: Bool {
    switch self {
    case .list, .mapping: true
    default: false
    }
  }
}
