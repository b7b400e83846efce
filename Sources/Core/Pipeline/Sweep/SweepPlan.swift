import DistillCore
import DistillYAML
import Foundation

/// The runs of a sweep file, checked before the first of them begins.
package struct SweepPlan {
  /// One run of the sweep.
  package struct Member: Sendable {
    /// The name of its folder.
    package let name: String
    /// The pipeline file.
    package let file: String
    package let overrides: [String]
    package let folder: URL
    package let state: State
  }

  package enum State: String, Sendable { case new, unfinished, finished }

  package let output: URL
  package let members: [Member]

  /// Reads a sweep file and checks every pipeline that it leads to.
  ///
  /// - Parameters:
  ///   - file: The path of the sweep file.
  ///   - overrides: Values such as `precision=bfloat16` that replace those of every pipeline.
  ///   - seeds: The seeds. Default, and if there are none: those in the file.
  ///   - output: The folder of the runs. Default: the one in the file.
  ///   - registry: The plugins that the pipelines may name.
  /// - Throws: `Diagnostics` with everything that is wrong in the file or in a pipeline, and ``RunError`` if a folder holds a run with
  ///   other settings.
  package init(
    _ file: String, overrides: [String] = [], seeds: [Int] = [], output: URL? = nil, registry: PluginRegistry
  ) throws {
    var document = YAMLDocument(file: file)
    document.substitute(environment: ProcessInfo.processInfo.environment)
    let options: SweepOptions = try document.draft(SweepOptions.self, registry: registry).decoded().value
    let output = output ?? options.output.url
    let seeds = seeds.isEmpty ? options.seeds : seeds
    self.output = output

    var base = SweepVariant()
    base.name = ""
    var combinations: [[(option: String, value: String)]] = [[]]
    for axis in options.grid {
      combinations = combinations.flatMap { settings in
        axis.values.map { settings + [(axis.option, $0.yaml.flow)] }
      }
    }
    var members: [Member] = []
    for variant in options.variants.isEmpty ? [base] : options.variants {
      let file = (variant.pipeline ?? options.pipeline).url.path
      for combination in combinations {
        let settings = combination.map { "\($0.option)=\($0.value)" }
        let values = combination.map { "\($0.option.split(separator: ".").last ?? "")=\($0.value)" }
        let overrides = overrides + variant.set + settings
        let pipeline = try Self.pipeline(file, overrides, registry)
        let name = ([variant.name.isEmpty ? pipeline.options.name : variant.name] + values).joined(separator: ", ")
        for seed in seeds.isEmpty ? [pipeline.options.seed] : seeds {
          let slug = Self.slug(name) + "-\(seed)"
          guard !members.contains(where: { $0.name == slug }) else {
            throw ContractError("two runs of the sweep would have the folder \(slug); give the variants other names")
          }
          let folder = output.appending(path: slug)
          let overrides =
            overrides + [
              "name=\(YAMLValue.text(name).flow)", "training.seed=\(seed)",
              "output=\(YAMLValue.text(folder.path).flow)",
            ]
          members.append(
            Member(
              name: slug, file: file, overrides: overrides, folder: folder,
              state: try Self.state(of: folder, file, overrides, registry)))
        }
      }
    }
    self.members = members
  }

  private static func pipeline(_ file: String, _ overrides: [String], _ registry: PluginRegistry) throws -> Pipeline {
    let pairs = overrides.map { text in
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      return (path: parts[0], value: parts[1])
    }
    return try Pipeline(file: file, overrides: pairs, registry: registry)
  }

  /// Returns whether a run is there already.
  ///
  /// - Throws: ``RunError`` if it is one of other settings.
  private static func state(
    of folder: URL, _ file: String, _ overrides: [String], _ registry: PluginRegistry
  ) throws -> State {
    let folder = RunFolder(folder)
    guard FileManager.default.fileExists(atPath: folder.record.path) else { return .new }
    let record = try RunRecord(folder.record)
    let pipeline = try pipeline(file, overrides, registry)
    let differences = try pipeline.provenance(pipeline.options.texts()).differences(since: record.provenance)
    guard differences.isEmpty else { throw RunError.otherSettings(folder.url.path, differences) }
    return record.isComplete ? .finished : .unfinished
  }

  /// Returns a name that every file system takes: lower-case letters, digits and hyphens.
  private static func slug(_ name: String) -> String {
    name.lowercased().map { $0.isLetter || $0.isNumber || $0 == "." ? String($0) : "-" }.joined()
      .split(separator: "-").joined(separator: "-")
  }
}
