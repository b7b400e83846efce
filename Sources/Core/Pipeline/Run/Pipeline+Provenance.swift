import DistillCore
import Foundation

extension Pipeline {
  /// Returns what a run of this pipeline on these texts depends on. The output folder, the paths of the texts, and whether
  /// files for TensorBoard are written, are not part of it.
  package func provenance(_ texts: TaskTexts) throws -> Provenance {
    var provenance = Provenance.arithmetic(options.precision)
    provenance.merge(texts.provenance)
    provenance.merge(
      try Provenance(of: options, leavingOut: { $0 == "output" || $0.hasPrefix("task.") }, sources: sources))
    provenance["options.tensorboard"] = nil
    return provenance
  }

  /// Returns what the prepared teacher and its answers depend on. It is less than for the whole run, so that runs that differ
  /// only in the student can share them.
  ///
  /// - `fold`: The training texts that the teacher does not learn from.
  package func teacherProvenance(
    _ recipe: any TeacherRecipe, _ texts: TaskTexts, without fold: Fold? = nil
  ) throws -> Provenance {
    var provenance = Provenance.arithmetic(options.precision)
    provenance.merge(texts.teacherProvenance)
    if !recipe.choosesOnHeldOut { provenance["texts.teacher"] = nil }
    // The recipe can be that of a part of the teacher, whose places would be others.
    let parts =
      [("teacher", recipe as any EncoderRecipe)]
      + recipe.ingredients.plugins.compactMap { place, plugin in
        (plugin as? any EncoderRecipe).map { ("teacher.\(place)", $0) }
      }
    provenance.merge(
      try Provenance(
        of: recipe, at: "teacher",
        sources: { option in parts.last { option.hasPrefix($0.0 + ".") }?.1.sources }))
    provenance["seed"] = "\(options.seed)"
    if let fold { provenance["fold"] = "\(fold.number) of \(fold.count)" }
    provenance["teacher.card"] = "\(try recipe.card(in: context))"  // a head's width is the student's
    return provenance
  }

  private func sources(_ option: String) -> [URL]? {
    options.recipes.last { option.hasPrefix($0.place + ".") }?.recipe.sources
  }
}
