import DistillCore
import DistillYAML
import Foundation

/// The runs of a sweep file, checked before the first of them begins.
package struct SweepPlan {
  package let output: URL
  package let members: [PlannedRun]

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
    var members: [PlannedRun] = []
    for variant in options.variants.isEmpty ? [base] : options.variants {
      let file = (variant.pipeline ?? options.pipeline).url.path
      for combination in combinations {
        let settings = combination.map { "\($0.option)=\($0.value)" }
        let values = combination.map { "\($0.option.split(separator: ".").last ?? "")=\($0.value)" }
        let overrides = overrides + variant.set + settings
        let pipeline = try Pipeline(file: file, settings: overrides, registry: registry)
        let name = ([variant.name.isEmpty ? pipeline.options.name : variant.name] + values).joined(separator: ", ")
        for seed in seeds.isEmpty ? [pipeline.options.seed] : seeds {
          let slug = Self.slug(name) + "-\(seed)"
          guard !members.contains(where: { $0.name == slug }) else {
            throw ContractError("two runs of the sweep would have the folder \(slug); give the variants other names")
          }
          let settings = overrides + ["name=\(YAMLValue.text(name).flow)", "training.seed=\(seed)"]
          members.append(try PlannedRun(slug, file, settings, in: output, registry: registry))
        }
      }
    }
    self.members = members
  }

  /// Returns a name that every file system takes: lower-case letters, digits and hyphens.
  private static func slug(_ name: String) -> String {
    name.lowercased().map { $0.isLetter || $0.isNumber || $0 == "." ? String($0) : "-" }.joined()
      .split(separator: "-").joined(separator: "-")
  }
}
