import DistillCore

/// The options of what a report compares the student with.
package struct BaselineOptions: Configurable, Sendable {
  package var frozen = true
  package var undistilled = false

  package init() {}

  package mutating func options(_ visit: inout OptionVisitor) {
    visit(
      "frozen", &frozen,
      "Regressions and nearest neighbours on the embeddings of the encoder before any training on the task, at full depth and "
        + "at the student's; they take seconds.")
    visit(
      "undistilled", &undistilled,
      "The same student, trained with the same settings on the labels alone; this doubles the time of the training.")
  }
}
