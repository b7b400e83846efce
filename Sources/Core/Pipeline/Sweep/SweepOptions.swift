import DistillCore

/// The options of a sweep file: one or several pipelines, each with several seeds and values.
package struct SweepOptions: Configurable, Sendable {
  package var version = 0
  package var pipeline: OptionPath = ""
  package var seeds: [Int] = []
  package var grid: [SweepAxis] = []
  package var variants: [SweepVariant] = []
  package var output: OptionPath = ""

  package init() {}

  package mutating func options(_ visit: inout OptionVisitor) {
    visit("version", &version, required: true, "Version of this format: 1.")
    if version != 1 { visit.reject("version", "this program reads version 1") }
    visit("pipeline", &pipeline, required: true, "The pipeline file of every variant that names no other.")
    visit("seeds", &seeds, in: .nonNegative, "The seeds of each variant. Default: the pipeline's.")
    if Set(seeds).count < seeds.count { visit.reject("seeds", "names a seed twice") }
    visit.sections("grid", &grid, "Options with several values; every combination of them is run.")
    visit.sections("variants", &variants, "Named variants. Default: one, which is the pipeline as it is.")
    let names = variants.map(\.name)
    if let twice = names.indices.first(where: { names[..<$0].contains(names[$0]) }) {
      visit.reject("variants[\(twice)].name", "is the name of another variant, too")
    }
    visit("output", &output, required: true, "Folder of the runs.")
  }
}

/// An option of the pipeline, and the values to try.
package struct SweepAxis: Configurable, Sendable {
  package var option = ""
  package var values: [FreeValue] = []

  package init() {}

  package mutating func options(_ visit: inout OptionVisitor) {
    visit("option", &option, required: true, "Path of the option, such as training.learning_rate.")
    visit("values", &values, required: true, "The values to try.")
    if values.isEmpty { visit.reject("values", "has no value to try") }
  }
}

/// A pipeline with other values.
package struct SweepVariant: Configurable, Sendable {
  package var name = ""
  package var pipeline: OptionPath?
  package var set: [String] = []

  package init() {}

  package mutating func options(_ visit: inout OptionVisitor) {
    visit("name", &name, required: true, "Name of the variant, which its runs have in tables.")
    if name.isEmpty { visit.reject("name", "is empty") }
    visit("pipeline", &pipeline, "The pipeline file of this variant. Default: the sweep's.")
    visit("set", &set, "Values that replace those of the file, such as [\"training.epochs=6\"].")
    if let wrong = set.firstIndex(where: { !$0.contains("=") }) {
      visit.reject("set[\(wrong)]", "is not of the form path=value")
    }
  }
}

/// A value of any type, which is passed on as it is written.
package struct FreeValue: OptionValue, Sendable {
  package let yaml: YAMLValue
  package static var shape: OptionShape { .text }

  package init(_ node: Node, _ context: OptionContext) throws(Diagnostics) {
    if let items = node.items {
      var values: [YAMLValue] = []
      for item in items { values.append(try FreeValue(item, context).yaml) }
      yaml = .list(values)
    } else if let entries = node.entries {
      var values: [YAMLValue.Entry] = []
      for entry in entries { values.append(YAMLValue.Entry(entry.key, try FreeValue(entry.value, context).yaml)) }
      yaml = .mapping(values)
    } else if let scalar = node.scalar {
      yaml = scalar.isText ? .text(scalar.text) : .number(scalar.text)
    } else {
      throw node.mismatch(Self.shape)
    }
  }
}
