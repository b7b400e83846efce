import DistillCore
import DistillTraining

/// The options of a pipeline file.
package struct PipelineOptions: Configurable, Sendable {
  package static let version = 1

  package var version = 0
  package var name = ""
  package var task = TaskOptions()
  package var teacher: (any TeacherRecipe)?
  package var student: (any StudentRecipe)?
  package var losses: [LossOptions] = []
  package var layerMap = LayerMap.uniform
  package var schedule: (any Scheduler)?
  package var knowledgeBase: KnowledgeBaseOptions?
  package var precision = Precision.float32
  package var teacherMemory = 2048
  package var training = TrainingOptions()
  package var keep: KeptEpoch?
  package var baselines = BaselineOptions()
  package var output: OptionPath = ""
  package var tensorboard = false

  package init() {}

  /// The seed of everything random, except for trainings that have a seed of their own.
  package var seed: Int { training.seed ?? 42 }

  package mutating func options(_ visit: inout OptionVisitor) {
    visit("version", &version, required: true, "Version of this format: \(Self.version).")
    if version != Self.version { visit.reject("version", "this program reads version \(Self.version)") }
    visit("name", &name, required: true, "Name of the pipeline, for reports.")
    if name.isEmpty { visit.reject("name", "is empty") }
    visit.section("task", &task, "What is learnt, and the files that it is learnt from.")
    visit.plugin("teacher", &teacher, "The encoder that is learnt from. Without one this is plain fine-tuning.")
    visit.plugin("student", &student, required: true, "The encoder that learns.")
    visit.sections("losses", &losses, required: true, "The summands of the objective.")
    if losses.isEmpty { visit.reject("losses", "a student without a loss learns nothing", hint: "add one loss") }
    if !losses.isEmpty, losses.allSatisfy({ $0.weight == 0 }) {
      let weights = losses.indices.map { "losses[\($0)].weight" }
      visit.reject(weights[0], "no loss has a weight above 0: the student learns nothing", given: weights)
    }
    visit(
      "layer_map", &layerMap,
      "Which teacher layer a student layer learns from: `uniform`, `last`, `skip`, or pairs [[student, teacher], ...].")
    visit.plugin("schedule", &schedule, "Which layers and terms count when. Default: all of them, always.")
    visit.section("knowledge_base", &knowledgeBase, "What the student looks up when it answers. Without it, nothing.")
    visit(
      "precision", &precision,
      "Number format of the factors in the linear layers of teacher and student. bfloat16 (float32's range, 8 significant bits) "
        + "makes these products several times as fast with AMX, and up to twice as fast with AVX512_BF16 alone; scores stay equal "
        + "within chance. It needs a processor with AVX512_BF16. Parameters and sums stay float32. int8 is "
        + "for answers alone: `distill predict RUN --precision int8`.")
    visit(
      "teacher_memory", &teacherMemory, in: .nonNegative,
      "MiB of the teacher's token-wise answers (attention, hidden states) that are kept on disk, beside the run, from epoch to "
        + "epoch and for other runs; what does not fit is asked again in every step.")
    var section = PipelineTraining(loop: training, keep: keep)
    visit.section("training", &section, "How the student is trained.")
    (training, keep) = (section.loop, section.keep)
    visit.section("baselines", &baselines, "What the report compares the student with on the validation texts.")
    visit("output", &output, required: true, "Folder of the run.")
    visit(
      "tensorboard", &tensorboard,
      "Also write the figures of metrics.jsonl for TensorBoard, into `tensorboard/` in the folder of the run, one curve for each "
        + "training. It may be changed when a run is resumed.")
    if let knowledgeBase, teacher == nil {
      if knowledgeBase.space == .teacher {
        visit.reject(
          "knowledge_base.space", "holds the teacher's embeddings, and this pipeline has no teacher", given: ["teacher"]
        )
      }
      if let labels = knowledgeBase.labels, labels != .gold {
        visit.reject(
          "knowledge_base.labels", "asks for the teacher's answers, and this pipeline has no teacher",
          given: ["teacher"])
      }
    }
    if !task.unlabelled.list.isEmpty && teacher == nil {
      visit.reject(
        "task.unlabelled", "nobody would answer these texts: this pipeline has no teacher", given: ["teacher"])
    }
    if teacher?.choosesOnHeldOut == true && task.holdOut == 0 {
      visit.reject(
        "teacher", "fits weights, and needs examples that nothing was trained on",
        hint: "set task.hold_out, e.g. to 0.2",
        given: ["task.hold_out"])
    }
    if let knowledgeBase, knowledgeBase.choose != nil && task.holdOut == 0 {
      visit.reject(
        "knowledge_base.choose", "needs examples that nothing was trained on", hint: "set task.hold_out, e.g. to 0.1",
        given: ["task.hold_out"])
    }
  }
}

extension Precision: OptionValue {}

extension PipelineOptions {
  /// The recipe whose encoder before any training on the task is the base of the pipeline: the teacher's, or else the student's.
  var baseRecipe: (any EncoderRecipe)? {
    [teacher as (any EncoderRecipe)?, student].compactMap(\.self).first(where: \.hasBase)
  }

  /// Returns the vectors that the knowledge base compares. Those of the base are the default if the student reads each example as one
  /// sequence, whose states can be mapped to them.
  func searchSpace(_ student: ModelCard) -> SearchSpace {
    knowledgeBase?.space
      ?? (baseRecipe != nil && student.activations.contains(.classToken) ? .both : .student)
  }

  /// What the knowledge base stores with each text. Where the teacher answers texts without labels, these are known by its answers.
  var keyLabels: KeyLabels { knowledgeBase?.labels ?? (task.unlabelled.list.isEmpty ? .gold : .goldOrSoft) }

  /// The recipes of all encoders, with their places in the pipeline. A teacher that wraps another one comes before it.
  var recipes: [(place: String, recipe: any EncoderRecipe)] {
    ingredients.plugins.compactMap { place, plugin in (plugin as? any EncoderRecipe).map { (place, $0) } }
  }

  /// The terms with their weights. If a plugin is used several times, a number in the name distinguishes its terms.
  var terms: [WeightedTerm] {
    var seen: [String: Int] = [:]
    return losses.compactMap { loss in
      guard let term = loss.term else { return nil }
      let name = type(of: term).name
      seen[name, default: 0] += 1
      let count = seen[name] ?? 1
      return WeightedTerm(term, weight: loss.weight, name: count == 1 ? name : "\(name)#\(count)")
    }
  }
}
