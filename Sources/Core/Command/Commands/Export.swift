import ArgumentParser
import DistillCore
import DistillPipeline
import Foundation

extension ExportFormat: ExpressibleByArgument {}

struct Export: PluginCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a run's student as a folder for other programs: ONNX, transformers or sentence-transformers.",
    discussion: """
      onnx: model.onnx for ONNX Runtime and whatever else reads it. Inputs: input_ids, attention_mask and token_type_ids, int64 [batch, \
      length], of any batch and length; padding follows the tokens. Outputs: logits [batch, labels], probabilities (softmax, or sigmoid \
      where a text can have several labels; a regression has none, its logits are the scores), embedding [batch, width].

      transformers: a folder for AutoModelForSequenceClassification and AutoTokenizer. It has the student's logits if it reads [CLS], with \
      a pooler or without one; transformers has no class for BERT that classifies the mean of the states (`readout: mean`), so that such a \
      student is refused.

      sentence-transformers: a folder for SentenceTransformer, with the student's embeddings, which are not normalised. The classifier is \
      beside them in classifier/.

      Each folder has the tokenizer, the labels in task.json, and README.md, a model card: how the student was made, its figures, its data \
      and its limits. The knowledge base stays behind: the exported student answers as `distill predict --no-retrieval --readout student`.
      """)

  @Argument(help: ArgumentHelp("Folder of a finished run.", valueName: "run"))
  var folder: String
  @Option(help: "onnx, transformers or sentence-transformers.")
  var format: ExportFormat
  @Option(help: ArgumentHelp("The folder to write, which must not exist yet, or be empty.", valueName: "folder"))
  var output: String
  @Option(
    help: ArgumentHelp(
      "Licence for the model card, as Hugging Face names it: apache-2.0, mit, … It follows from the licences of the base model and the "
        + "data, which a run does not know.", valueName: "name"))
  var license: String?
  @Option(
    help: ArgumentHelp(
      "Name on Hugging Face's hub of the model that the student comes from, for the model card, such as "
        + "sentence-transformers/all-MiniLM-L6-v2.", valueName: "owner/name"))
  var baseModel: String?

  func validate() throws {
    if let license, license.wholeMatch(of: /[a-z0-9][a-z0-9.+-]*/) == nil {
      throw ValidationError(
        "--license \(license) is no name of a licence; they are in small letters, such as apache-2.0, mit, cc-by-4.0 or other"
      )
    }
    if let baseModel, baseModel.wholeMatch(of: /[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)?/) == nil {
      throw ValidationError(
        "--base-model \(baseModel) is no owner/name, such as sentence-transformers/all-MiniLM-L6-v2")
    }
  }

  func run(_ registry: PluginRegistry) throws {
    try Console.check(folder, isFolder: true)
    let run = try FinishedRun(URL(filePath: folder), registry: registry, retrieval: false, classifier: .student)
    try run.export(
      to: URL(filePath: output), format: format, details: ExportDetails(license: license, baseModel: baseModel))
    Console.output(
      "wrote the student of \(folder) to \(output) for \(format.rawValue); README.md there says how to use it")
  }
}
