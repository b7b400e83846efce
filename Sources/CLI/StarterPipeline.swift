import DistillCLI

/// Returns a first pipeline file for a task.
///
/// The pipeline has a fine-tuned teacher, a student with half as many layers, and a knowledge base. The comment above
/// each key is the summary of the option or plugin, and a test compares the two.
func starterPipeline(_ task: StarterTask) -> String {
  """
  # A student that learns a task from a larger teacher. Change the paths to your own; they are relative to this file.
  #   distill validate FILE              does it fit together? Nothing is run.
  #   distill run FILE                   then: distill evaluate RUN, the folder that `output` names
  #   distill plugins describe NAME      other losses, schedules and retrievers: distill plugins
  #   distill schema --help              completion in editors

  # Version of this format: 1.
  version: 1

  # Name of the pipeline, for reports.
  name: \(task.name)

  # What is learnt, and the files that it is learnt from.
  task:
    # A task of GLUE in its own files, or `tsv`, `csv` and `jsonl` for files of
    # one's own.
    use: \(task.use)
  \(task.lines ?? files(task.use))

  # The encoder that is learnt from. Without one this is plain fine-tuning.
  teacher:
    # A BERT encoder from a Hugging Face folder, fine-tuned on the task where asked.
    use: bert
    # Folder with config.json, model.safetensors and vocab.txt or tokenizer.json.
    checkpoint: \(task.checkpoint)\(task.readsPairsApart ? apart : "")\(refit)
    # Train on the labels first. Without it the classifier teaches as it starts.
    fine_tune: {epochs: \(task.recipe.teacherEpochs), learning_rate: \(task.recipe.teacherRate)}

  # The encoder that learns.
  student:
    # A BERT encoder made of layers of the teacher, from a checkpoint, or from random weights.
    use: bert
    # Copy these layers of the prepared teacher, with its embeddings, pooler and classifier; layers
    # count from 1.
    from_teacher_layers: \(task.studentLayers)\(task.hasPairs ? withoutDropout : "")\(refit)

  # The summands of the objective.
  losses:
    # Cross-entropy with the teacher's soft labels, and a share of the true ones.
    - use: soft-cross-entropy
      # T of both softmaxes; the term is multiplied by T².
      temperature: 1
      # λ: weight of the loss on the true labels.
      hard_weight: 0
    # Squared error between hidden states of mapped layers, through a learnt linear map.
    - use: hidden-mse
  \(task.recipe.layersShare.map(stacked) ?? "")
  # What the student looks up when it answers. Without it, nothing.
  knowledge_base:
    # How the nearest embeddings are found.
    retriever: {use: auto}
    # Choose K, β and τ among these on the held-out examples instead.
    choose: {}

  # How the student is trained.
  training:
    # Passes over the training set.
    epochs: \(task.recipe.studentEpochs)
    # Sequences per step.
    batch_size: 32
    # Largest learning rate of AdamW.
    learning_rate: \(task.recipe.studentRate)
    # The epoch that teacher and student keep: `best` by the score on held-out texts, or without any on
    # the validation file, or `last`. Default: best if texts are held out, else last.
    keep: last
    # Seed of shuffles, dropout and initial weights. Default: the pipeline's, which is 42 unless it
    # says otherwise.
    seed: 42

  # Number format of the factors in the linear layers of teacher and student. bfloat16 (float32's
  # range, 8 significant bits) makes these products several times as fast with AMX, and up to twice
  # as fast with AVX512_BF16 alone; scores stay equal within chance. It needs a processor with
  # AVX512_BF16. Parameters and sums stay float32.
  precision: float32

  # Folder of the run.
  output: runs/\(task.name)

  """
}

/// The option of a teacher that reads pairs apart.
private let apart = """

    # How two texts are read. `joint`: as one sequence; `separate`: each by itself, and the classifier
    # reads u, v, |u − v| and u·v of their embeddings. Checkpoints of sentence encoders are good at the
    # latter. Default: that of the encoder that is copied, or `joint`.
    pairs: separate
  """

/// Returns the schedule that teaches the layers one after the other, and then the outputs.
private func stacked(_ share: String) -> String {
  """

  # Which layers and terms count when. Default: all of them, always.
  schedule:
    # SID: one layer more at a time from the bottom, then the outputs.
    use: stacked
    # Instead of `epochs_per_layer`: the share of the training's steps that belongs to the layers, to
    # each as much as to the others and at least one; the rest belongs to the outputs.
    layers_share: \(share)

  """
}

/// The option of a teacher or a student whose classifier is fitted anew.
private let refit = """

    # After the training, fit the classifier anew, as a regression of the labels on the embeddings. The
    # texts that select the epoch, if there are any, choose between both; without them it stays as
    # trained where texts have no labels.
    refit: true
  """

/// The option of a student of pairs, which learns better from a teacher when nothing masks its own states.
private let withoutDropout = """

    # Dropout of states and of attention probabilities while training. Default: that of the teacher
    # whose layers are copied, or of the checkpoint, which is mostly 0.1.
    dropout: 0
  """

/// Returns the options of a task whose files are not known, for the reader to change.
private func files(_ task: String) -> String {
  let own = ["tsv", "csv", "jsonl"].contains(task)
  let folder = own ? "" : "data/\(folders[task] ?? task)/"
  let (kind, validation) = own ? (task, "validation") : ("tsv", task == "mnli" ? "dev_matched" : "dev")
  let files = """
      # Training file, or several of them
      train: \(folder)train.\(kind)
      # Validation files: are reported, and select the best epoch only if training.keep says so and
      # nothing is held out.
      validation: \(folder)\(validation).\(kind)
    """
  let columns = """

      # Column of the text, for files of one's own. Default: `text`.
      text: text
      # Column of the label, for files of one's own. Default: `label`.
      label: label
    """
  let lengths = """

      # Most tokens of a sequence, special ones included.
      max_length: 128
      # Share of the training file that nothing is trained on: one half selects the best epoch, the
      # other the knowledge base's K, β and τ. With `keep: last` the latter have all of it.
      hold_out: 0.1
    """
  return files + (own ? columns : "") + lengths
}

/// The names of the folders in GLUE's own archives.
private let folders = [
  "mrpc": "MRPC", "rte": "RTE", "cola": "CoLA", "sst-2": "SST-2", "sts-b": "STS-B", "qnli": "QNLI", "qqp": "QQP",
  "mnli": "MNLI", "wnli": "WNLI",
]
