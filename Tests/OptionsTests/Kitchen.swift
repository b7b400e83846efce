import DistillOptions
import DistillYAML
import Foundation

// Two kinds of plugins and a pipeline of their own, so that these tests need nothing above this module.

protocol Term: Plugin {
  var factor: Double { get }
}

protocol Index: Plugin {}

struct Relational: Term, Equatable {
  static let name = "relational-kl"
  static let summary = "Relations."
  var temperature: Float = 0.1
  var factor: Double { Double(temperature) }

  mutating func options(_ visit: inout OptionVisitor) {
    visit("temperature", &temperature, in: .positive, "Softmax temperature.")
  }
}

struct Cosine: Term, Equatable {
  enum Form: String, CaseIterable, OptionValue { case plain, squared }

  static let name = "cls-cosine"
  static let summary = "Cosine."
  var form = Form.plain
  var layers: [Int] = []
  var factor: Double { 1 }

  mutating func options(_ visit: inout OptionVisitor) {
    visit("form", &form, "1 - cos, or 1 - cos².")
    visit("layers", &layers, in: .atLeast(1), "Layers, from 1.")
  }
}

struct Graph: Index {
  static let name = "hnsw"
  static let summary = "Graph."
  var m = 16

  mutating func options(_ visit: inout OptionVisitor) {
    visit("m", &m, in: .between(2, 64), "Links per node.")
  }
}

/// An option common to all terms beside the term's own.
struct Weighted: Configurable {
  var weight = 1.0
  var term: (any Term)?

  mutating func options(_ visit: inout OptionVisitor) {
    visit.use(&term, "The term.")
    visit("weight", &weight, in: .nonNegative, "Its weight.")
  }
}

enum LayerMap: OptionValue, Equatable {
  case uniform
  case pairs([[Int]])

  static var shape: OptionShape { .either([.choice(["uniform"]), .list(.list(.integer))]) }
  var yaml: YAMLValue { if case .pairs(let pairs) = self { pairs.yaml } else { .text("uniform") } }

  init(_ node: Node, _ context: OptionContext) throws(Diagnostics) {
    if node.scalar?.text == "uniform" {
      self = .uniform
    } else if node.items != nil {
      self = .pairs(try [[Int]](node, context))
    } else {
      throw node.mismatch(Self.shape)
    }
  }
}

struct Training: Configurable, Equatable {
  var epochs = 3
  var rate: Double = 5e-5
  var seed: UInt64 = 42
  var shuffle = true

  mutating func options(_ visit: inout OptionVisitor) {
    visit("epochs", &epochs, in: .atLeast(1), required: true, "Passes over the data.")
    visit("learning_rate", &rate, in: .positive, "Peak learning rate.")
    visit("seed", &seed, "Seed.")
    visit("shuffle", &shuffle, "Whether to shuffle.")
  }
}

struct Warmup: Configurable, Equatable {
  var share: Float = 0.1
  var floor: Float = 0

  mutating func options(_ visit: inout OptionVisitor) {
    visit("share", &share, in: .unit, "Share of the steps.")
    visit("floor", &floor, in: .unit, "Lowest factor.")
    if floor > share { visit.reject("floor", "the floor lies above the share", hint: "lower it", given: ["share"]) }
  }
}

struct Kitchen: Configurable {
  var name = ""
  var note: String?
  var output: OptionPath = ""
  var layerMap = LayerMap.uniform
  var training = Training()
  var warmup: Warmup?
  var losses: [Weighted] = []
  var index: (any Index)?

  mutating func options(_ visit: inout OptionVisitor) {
    visit("name", &name, required: true, "The name.")
    visit("note", &note, "A remark.")
    visit("output", &output, "Where to write.")
    visit("layer_map", &layerMap, "Which layer learns from which.")
    visit.section("training", &training, "The loop.")
    visit.section("warmup", &warmup, "The start.")
    visit.sections("losses", &losses, "The terms.")
    visit.plugin("index", &index, "The index.")
  }

  static func registry() throws -> PluginRegistry {
    try PluginRegistry(
      [
        CompiledPlugin(kind: "loss", name: "relational-kl", type: Relational.self),
        CompiledPlugin(kind: "loss", name: "cls-cosine", type: Cosine.self),
        CompiledPlugin(kind: "index", name: "hnsw", type: Graph.self),
      ], kinds: [PluginKind("loss", (any Term).self), PluginKind("index", (any Index).self)])
  }

  static func decode(_ document: YAMLDocument) throws -> Decoded<Kitchen> {
    try document.decode(Kitchen.self, registry: registry())
  }

  /// What is wrong with the text, one `line:column message (hint)` each.
  static func problems(_ text: String) throws -> [String] { try problems(YAMLDocument(text)) }

  static func problems(_ document: YAMLDocument) throws -> [String] {
    do {
      _ = try decode(document)
      return []
    } catch let error as Diagnostics {
      return error.list.map { "\($0.range.line):\($0.range.column) \($0.message)" + ($0.hint.map { " (\($0))" } ?? "") }
    }
  }

  static let valid = """
    name: "a kitchen"   # comment
    output: runs/one
    layer_map: [[1, 2], [2, 4]]
    training: {epochs: 4, learning_rate: 1e-5, seed: 18446744073709551615}
    warmup:
      share: .5
    losses:
      - {use: cls-cosine, form: squared, layers: [1, 2]}
      - use: relational-kl
        weight: 0.5
        temperature: 0.07
    index: {use: hnsw, m: 8}
    """
}
