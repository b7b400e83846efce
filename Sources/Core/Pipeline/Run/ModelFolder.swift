import DistillCore
import DistillYAML
import Foundation

/// Loads encoders from model folders without a pipeline file.
package enum ModelFolder {
  private struct Configuration: Decodable {
    let model_type: String?
    let problem_type: String?
    let id2label: [String: String]?
    let max_position_embeddings: Int?
  }

  /// Loads a Hugging Face folder with the student plugin that its `model_type` names. If the folder names none and there is
  /// only one such plugin, that plugin is used.
  ///
  /// - `settings`: Options of that plugin, such as `readout=mean`.
  /// - Throws: `FormatError` if the folder cannot be read, or `Diagnostics` if the options are wrong.
  package static func encoder(
    _ folder: URL, settings: [(path: String, value: String)] = [], registry: PluginRegistry
  ) throws -> any TextEncoder {
    let (recipe, context) = try recipe(folder, settings, registry)
    _ = try recipe.card(in: context)  // throws for layers that do not exist
    return try recipe.makeStudent(in: context, teacher: nil, nil).model()
  }

  /// Returns the tokenizer of the encoder in a folder, and the largest number of tokens that the encoder reads. The weights need not be
  /// there.
  ///
  /// - Throws: The same errors as ``encoder(_:settings:registry:)``.
  package static func tokenizer(_ folder: URL, registry: PluginRegistry) throws -> (
    tokenizer: any Tokenizer, maximumLength: Int
  ) {
    let (recipe, context) = try recipe(folder, [], registry)
    return (try recipe.makeTokenizer(in: context), context.maximumLength)
  }

  /// Returns the card of the encoder in a folder, of whose weights only the header is read.
  ///
  /// - Throws: The same errors as ``encoder(_:settings:registry:)``.
  package static func card(_ folder: URL, registry: PluginRegistry) throws -> ModelCard {
    let (recipe, context) = try recipe(folder, [], registry)
    return try recipe.card(in: context)
  }

  private static func recipe(
    _ folder: URL, _ settings: [(path: String, value: String)], _ registry: PluginRegistry
  ) throws -> (any StudentRecipe, PipelineContext) {
    let file = folder.appending(path: "config.json")
    guard let data = try? Data(contentsOf: file),
      let configuration = try? JSONDecoder().decode(Configuration.self, from: data)
    else {
      let student = RunFolder(folder).student.path
      throw FormatError(
        file: file,
        FileManager.default.fileExists(atPath: student)
          ? "cannot be read: this is the folder of a run, whose student is in \(student)"
          : "cannot be read; a model folder holds config.json, model.safetensors and a vocabulary")
    }
    var document = YAMLDocument(Data("student: {}".utf8), name: folder.path, folder: URL(filePath: "."))
    let names = registry.plugins(of: (any StudentRecipe).self).map(\.name)
    guard let name = configuration.model_type ?? (names.count == 1 ? names[0] : nil) else {
      throw FormatError(file: file, "names no model_type; known here are \(names.joined(separator: ", "))")
    }
    document.set("student.use", name)
    for (path, value) in settings { document.set("student.\(path)", value) }
    document.set("student.checkpoint", YAMLValue.text(folder.path).flow)
    let recipe = try document.decode(EncoderOptions.self, registry: registry).value.student
    guard let recipe else { throw FormatError(file: file, "names no model_type that is known here") }
    return (
      recipe,
      PipelineContext(
        task: task(configuration), maximumLength: configuration.max_position_embeddings ?? 512, key: RandomKey(0))
    )
  }

  /// Returns the task that the configuration describes. If it has no usable labels, the task has the two labels that Hugging
  /// Face uses by default.
  private static func task(_ configuration: Configuration) -> TaskKind {
    let named = configuration.id2label ?? [:]
    let labels = (0..<named.count).compactMap { named[String($0)] }
    if configuration.problem_type == "regression" || labels.count == 1 { return .regression }
    let names = labels.count > 1 && labels.count == named.count ? labels : ["LABEL_0", "LABEL_1"]
    return configuration.problem_type == "multi_label_classification"
      ? .multilabel(labels: names) : .classification(labels: names)
  }
}

private struct EncoderOptions: Configurable {
  var student: (any StudentRecipe)?
  mutating func options(_ visit: inout OptionVisitor) { visit.plugin("student", &student, required: true, "") }
}
