//! Short names for long paths.

/// The fewest parts of each dotted path that tell it from the others: the last, at least one before
/// it, and as many as are needed; `…` where parts in between are left out. The names differ from
/// each other as long as the paths do.
pub fn short_names(paths: &[&str]) -> Vec<String> {
    let parts: Vec<Vec<&str>> = paths.iter().map(|path| path.split('.').collect()).collect();
    parts.iter().enumerate().map(|(own, _)| short_name(&parts, own)).collect()
}

fn short_name(all: &[Vec<&str>], own: usize) -> String {
    let path = &all[own];
    let mut kept = vec![path.len() - 1];
    let mut alike: Vec<&Vec<&str>> = all
        .iter()
        .enumerate()
        .filter(|(i, other)| *i != own && *other != path)
        .map(|(_, p)| p)
        .collect();
    alike.retain(|other| other.last() == path.last());
    // From the right, since that is where people look for what a parameter belongs to.
    for part in (0..path.len() - 1).rev() {
        if alike.is_empty() {
            break;
        }
        let before = alike.len();
        alike.retain(|other| other.contains(&path[part]));
        if alike.len() < before {
            kept.insert(0, part);
        }
    }
    if !alike.is_empty() {
        // The same parts in another order.
        return path.join(".");
    }
    if kept.len() == 1 && path.len() > 1 {
        kept.insert(0, path.len() - 2);
    }
    let mut name = path[kept[0]].to_owned();
    for pair in kept.windows(2) {
        name.push_str(if pair[1] == pair[0] + 1 { "." } else { "…" });
        name.push_str(path[pair[1]]);
    }
    name
}

/// A name in lines that fit above a small panel, broken before a separator or where it must be. Two
/// lines are about as long as each other.
pub fn panel_title(name: &str) -> Vec<String> {
    const WIDTH: usize = 34;
    let pieces = pieces(name, WIDTH);
    let length = |text: &String| text.chars().count();
    let mut lines: Vec<String> = vec![];
    for piece in &pieces {
        match lines.last_mut() {
            Some(line) if length(line) + length(piece) <= WIDTH => line.push_str(piece),
            _ => lines.push(piece.clone()),
        }
    }
    if lines.len() == 2 {
        let halves = |middle| [pieces[..middle].concat(), pieces[middle..].concat()];
        let longer = |[first, second]: &[String; 2]| length(first).max(length(second));
        lines = (1..pieces.len()).map(halves).min_by_key(longer).map_or(lines, Vec::from);
    }
    lines
}

/// The parts of a name that stay together, of at most `width` characters: those of a path, if it is
/// one.
fn pieces(name: &str, width: usize) -> Vec<String> {
    let separators = if name.contains(['.', '…']) { ".…" } else { "_/ " };
    let mut pieces = vec![String::new()];
    for c in name.chars() {
        match pieces.last_mut() {
            Some(piece)
                if piece.is_empty() || !separators.contains(c) && piece.chars().count() < width =>
            {
                piece.push(c);
            }
            _ => pieces.push(c.to_string()),
        }
    }
    pieces
}

/// A text in lines of at most `width` characters, broken at blanks where there are any.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().map(|line| (line.chars().count(), line));
        match line {
            Some((0, line)) => line.push_str(word),
            Some((length, line)) if length + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{panel_title, short_names, wrapped};

    #[test]
    fn as_many_parts_are_kept_as_tell_a_parameter_from_the_others() {
        let names = short_names(&[
            "sheets.l4_exc.Afferent.base_weight",
            "sheets.l4_inh.Afferent.base_weight",
            "sheets.l4_exc.Lateral.base_weight",
            "sheets.l4_exc.Lateral.plasticity.tau_rec",
            "sheets.l4_inh.Lateral.plasticity.tau_rec",
            "sheets.l4_exc.K",
            "seed",
        ]);
        assert_eq!(names[0], "l4_exc.Afferent.base_weight");
        assert_eq!(names[2], "Lateral.base_weight");
        assert_eq!(names[3], "l4_exc…tau_rec");
        assert_eq!(names[5..], ["l4_exc.K", "seed"]);
    }

    #[test]
    fn paths_of_the_same_parts_in_another_order_stay_whole() {
        assert_eq!(short_names(&["a.b.c", "b.a.c"]), ["a.b.c", "b.a.c"]);
    }

    #[test]
    fn titles_of_panels_are_broken_before_separators() {
        let lines = panel_title("L4ExcL4ExcConnection…short_term_plasticity.tau_rec");
        assert_eq!(lines, ["L4ExcL4ExcConnection", "…short_term_plasticity.tau_rec"]);
        assert_eq!(
            panel_title("OrientationTuningOrthoLowTarget_V1_Exc_L4"),
            ["OrientationTuningOrthoLowTarget", "_V1_Exc_L4"]
        );
        assert_eq!(panel_title("K"), ["K"]);
        assert!(panel_title(&"x".repeat(300)).iter().all(|line| line.len() <= 34));
    }

    #[test]
    fn lines_are_broken_at_blanks() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("unbreakable", 4), ["unbreakable"]);
    }
}
