# Accuracy over epochs, one panel per dataset: solid on test images, dashed on the training images of each epoch as they
# are augmented. `dat report` sets (index p: panel, i: line, both from 1)
#   folder, output, format ("svg", "png"), n_panels, epochs; title_p; lines_p, a list of line numbers; label_i
# and the files folder/i.test and folder/i.train (epoch, accuracy).

given(name, i) = value(sprintf("%s_%d", name, i))
file(i, kind) = sprintf("%s/%d.%s", folder, i, kind)
nth(p, k) = int(word(given("lines", p), k))
palette = "#0072B2 #D55E00 #009E73 #E69F00 #CC79A7 #56B4E9 #000000 #882255"
colour(i) = word(palette, (i - 1) % words(palette) + 1)

width = n_panels == 1 ? 900.0 : 1600.0
columns = n_panels < 2 ? 1 : 2
rows = (n_panels + columns - 1) / columns
height = 560.0 * rows + 40

if (format eq "png") {
    set terminal pngcairo noenhanced size width, height font "DejaVu Sans,15" linewidth 1.5 background "#FFFFFF"
} else {
    set terminal svg noenhanced size width, height font "Helvetica,DejaVu Sans,sans-serif,20" linewidth 1.5 \
        background "#FFFFFF"
}
set encoding utf8
set output output
set multiplot

set border 3 linecolor rgb "#444444"
set tics nomirror out scale 0.6 textcolor rgb "#222222"
set grid ytics back linetype 1 linecolor rgb "#DDDDDD" linewidth 0.7
set yrange [0:*]
set xrange [0:epochs]
set xtics ceil(epochs / 10.0)
set format y "%g"
set xlabel "epoch" offset 0, 0.3 textcolor rgb "#222222"
set key bottom right Left reverse samplen 3 spacing 1.3 opaque textcolor rgb "#000000"
set label 1 "Solid: test images. Dashed: augmented training images (of two mixed classes, the first counts)." \
    at screen 0.5, 20 / height center font ",12" textcolor rgb "#555555"
do for [p = 1:n_panels] {
    column = (p - 1) % columns
    row = (p - 1) / columns
    set lmargin at screen (column + 95 * columns / width) / columns
    set rmargin at screen (column + 1 - 25 * columns / width) / columns
    set tmargin at screen 1 - (row * 560 + 50) / height
    set bmargin at screen 1 - (row * 560 + 480) / height
    set title given("title", p) offset 0, -0.4 textcolor rgb "#000000"
    set ylabel (column == 0 ? "accuracy" : "") offset 0.5, 0 textcolor rgb "#222222"
    n = words(given("lines", p))
    if (n > 0) {
        plot for [k = 1:n] file(nth(p, k), "train") using 1:2 with lines dashtype (12, 8) linewidth 1.2 \
                 linecolor rgb colour(nth(p, k)) notitle, \
             for [k = 1:n] file(nth(p, k), "test") using 1:2 with linespoints linewidth 1.8 pointtype 7 pointsize 0.7 \
                 linecolor rgb colour(nth(p, k)) title given("label", nth(p, k))
    }
    unset label 1
}
unset multiplot
